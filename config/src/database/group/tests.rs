use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::*;

/// Remembers how large each group was that it wrote, and does as each job says.
#[derive(Clone)]
struct Book {
    groups: Arc<Mutex<Vec<usize>>>,
    /// Attempts that still lose a deadlock.
    deadlocks: Arc<Mutex<usize>>,
    /// So many may be written at once.
    turns: Arc<Semaphore>,
}

impl Default for Book {
    fn default() -> Self {
        Self { groups: Arc::default(), deadlocks: Arc::default(), turns: Arc::new(Semaphore::new(WRITERS)) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Entry {
    Good(usize),
    Bad,
    Away,
    Panics,
}

#[async_trait]
impl WriteGroup for Book {
    type Job = Entry;
    type Done = Entry;

    async fn write(&self, group: &[Submitted<Entry>]) -> Result<Vec<Entry>, StoreError> {
        let _turn = self.turns.acquire().await.unwrap();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let has = |entry| group.iter().any(|it| it.job == entry);
        assert!(!has(Entry::Panics), "as the job says");
        if has(Entry::Away) {
            return Err(StoreError::Unavailable("the database is away".into()));
        }
        if has(Entry::Bad) {
            return Err(StoreError::corrupt("one of them is bad"));
        }
        let left = self.deadlocks.lock().unwrap().checked_sub(1);
        if let Some(left) = left {
            *self.deadlocks.lock().unwrap() = left;
            return Err(StoreError::Contended("deadlock".into()));
        }
        self.groups.lock().unwrap().push(group.len());
        Ok(group.iter().map(|it| it.job).collect())
    }
}

/// What became of jobs that come at once.
async fn at_once(
    commit: &GroupCommit<Book>,
    jobs: impl IntoIterator<Item = Entry>,
) -> Vec<Result<Entry, StoreError>> {
    let mut tasks = JoinSet::new();
    for (index, job) in jobs.into_iter().enumerate() {
        let commit = commit.clone();
        tasks.spawn(async move { (index, commit.run(job).await) });
    }
    let mut outcomes = tasks.join_all().await;
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_at_once_is_written_in_few_groups_and_each_gets_its_own_outcome() {
    let book = Book::default();
    let outcomes = at_once(&GroupCommit::new(book.clone()), (0..500).map(Entry::Good)).await;
    let expected: Vec<_> = (0..500).map(Entry::Good).collect();
    assert_eq!(outcomes.into_iter().map(Result::unwrap).collect::<Vec<_>>(), expected);
    let groups = book.groups.lock().unwrap();
    assert_eq!(groups.iter().sum::<usize>(), 500);
    assert!(groups.iter().all(|size| *size <= TOGETHER), "{groups:?}");
    assert!(groups.len() < 100, "{groups:?}");
}

#[tokio::test]
async fn a_job_that_is_at_fault_fails_alone() {
    let commit = GroupCommit::new(Book::default());
    let outcomes =
        at_once(&commit, (0..40).map(|n| if n % 10 == 9 { Entry::Bad } else { Entry::Good(n) })).await;
    for (n, outcome) in outcomes.into_iter().enumerate() {
        match n % 10 {
            9 => assert!(matches!(outcome, Err(StoreError::Broken(_))), "{outcome:?}"),
            _ => assert_eq!(outcome.unwrap(), Entry::Good(n)),
        }
    }
}

#[tokio::test]
async fn a_group_that_loses_a_deadlock_is_written_again_as_a_whole() {
    let book = Book { deadlocks: Arc::new(Mutex::new(2)), ..Book::default() };
    let outcomes = at_once(&GroupCommit::new(book.clone()), (0..20).map(Entry::Good)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(book.groups.lock().unwrap().iter().sum::<usize>(), 20);
    assert!(book.groups.lock().unwrap().len() < 20, "none is written alone");
}

#[tokio::test]
async fn when_the_store_is_away_all_are_told_so_at_once() {
    let book = Book::default();
    let commit = GroupCommit::new(book.clone());
    let outcomes = at_once(&commit, vec![Entry::Away; 50]).await;
    assert!(outcomes.iter().all(|it| matches!(it, Err(StoreError::Unavailable(_)))), "{outcomes:?}");
    assert_eq!(commit.run(Entry::Good(1)).await.unwrap(), Entry::Good(1));
}

#[tokio::test]
async fn a_panic_takes_its_own_group_and_nothing_else() {
    let commit = GroupCommit::new(Book::default());
    for _ in 0..2 * WRITERS {
        assert!(matches!(commit.run(Entry::Panics).await, Err(StoreError::Broken(_))));
    }
    assert_eq!(commit.run(Entry::Good(1)).await.unwrap(), Entry::Good(1));
}

/// The job, by a caller who soon gives up.
async fn abandon(commit: &GroupCommit<Book>, job: Entry) {
    let outcome = tokio::time::timeout(Duration::from_millis(1), commit.run(job)).await;
    assert!(outcome.is_err(), "it can't be written yet");
}

#[tokio::test]
async fn only_what_has_begun_is_written_when_its_caller_no_longer_waits() {
    let book = Book { turns: Arc::new(Semaphore::new(0)), ..Book::default() };
    let commit = GroupCommit::new(book.clone());
    for job in 0..WRITERS {
        abandon(&commit, Entry::Good(job)).await;
    }
    // Now all writers are busy.
    abandon(&commit, Entry::Good(WRITERS)).await;
    book.turns.add_permits(WRITERS);
    commit.run(Entry::Good(0)).await.unwrap();
    while book.groups.lock().unwrap().len() <= WRITERS {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(book.groups.lock().unwrap().iter().sum::<usize>(), WRITERS + 1);
}
