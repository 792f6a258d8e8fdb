//! The tables.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::Error;
use crate::journey::Journey;
use crate::load::Measurement;
use crate::processes::Memory;
use crate::relevance::Relevance;
use crate::transactions::Stream;

const NGINX: &str = "floor: Nginx constant";
const MYSQL: &str = "floor: MySQL transaction, three inserts";

#[derive(Default, Serialize)]
pub struct Report {
    pub flows: Vec<(String, Vec<Measurement>)>,
    pub journey: Option<Journey>,
    pub stream: Option<Stream>,
    pub relevance: Option<Relevance>,
    pub processes: BTreeMap<String, Memory>,
    /// In milliseconds.
    pub cold_starts: BTreeMap<String, f64>,
}

impl Report {
    #[expect(clippy::print_stdout, reason = "progress, for whoever waits")]
    pub fn add(&mut self, name: &str, measured: Vec<Measurement>) {
        for m in &measured {
            let errors =
                if m.errors.is_empty() { String::new() } else { format!("  errors: {:?}", m.errors) };
            println!(
                "{name:42} {:>3} connections {:>9.0}/s  p50 {:.2} ms  p99 {:.2} ms{errors}",
                m.connections, m.per_second, m.p50_ms, m.p99_ms
            );
        }
        self.flows.push((name.to_owned(), measured));
    }

    /// Writes `benchmarks.md` and `benchmarks.json`, and shows the former.
    #[expect(clippy::print_stdout, reason = "the result")]
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("benchmarks.json"), serde_json::to_string_pretty(self)? + "\n")?;
        let text = self.markdown();
        std::fs::write(folder.join("benchmarks.md"), &text)?;
        println!("\n{text}");
        Ok(())
    }

    fn markdown(&self) -> String {
        let mut text = String::from(
            "# Benchmarks\n\nWritten by `cargo xtask bench`. The load generator, the shop and its servers share the machine's cores; compare the ratios, not the figures.\n\n| flow | connections | per second | p50 ms | p99 ms | errors | of Nginx | of MySQL |\n|---|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for (name, measured) in &self.flows {
            for m in measured {
                let errors: u64 = m.errors.values().sum();
                let _ = writeln!(
                    text,
                    "| {name} | {} | {:.0} | {:.2} | {:.2} | {errors} | {} | {} |",
                    m.connections,
                    m.per_second,
                    m.p50_ms,
                    m.p99_ms,
                    self.ratio(m, NGINX),
                    self.ratio(m, MYSQL),
                );
            }
        }
        if let Some(journey) = &self.journey {
            let Journey { orders_per_second, orders, p50_ms, p99_ms, failures } = journey;
            let _ = writeln!(
                text,
                "\nFrom the payment to the shipment, at {orders_per_second} orders a second ({orders} orders, {} failures): p50 {p50_ms:.0} ms, p99 {p99_ms:.0} ms.",
                failures.len(),
            );
        }
        if let Some(stream) = &self.stream {
            let Stream { processed_per_second, processed, rate, timed, p50_ms, p99_ms, failures } = stream;
            let _ = writeln!(
                text,
                "\nTransactions from end to end, accepted at 32 connections: {processed_per_second:.0} a second ({processed} of them). From acceptance to end at {rate} a second ({timed} of them, {} failures): p50 {p50_ms:.0} ms, p99 {p99_ms:.0} ms.",
                failures.len(),
            );
        }
        if let Some(Relevance { queries, ndcg, first_hits }) = &self.relevance {
            let _ = writeln!(
                text,
                "\nThe search over the demonstration's products, {queries} judged queries: NDCG@10 {ndcg:.3}, the first hit right for {:.1} %.",
                first_hits * 100.0,
            );
        }
        text.push_str("\nIdle memory, in MB. Resident: what the process has in memory. Its share: pages of files, which the kernel could drop and processes may have in common, divided by those who have them. Its own: what nobody else has and no file holds.\n\n| process | resident | its share | its own | cold start, ms |\n|---|--:|--:|--:|--:|\n");
        for (name, Memory { resident, share, own }) in &self.processes {
            let start = self.cold_starts.get(name).map_or_else(String::new, |ms| format!("{ms:.0}"));
            let _ = writeln!(text, "| {name} | {resident:.1} | {share:.1} | {own:.1} | {start} |");
        }
        let services = || self.processes.iter().filter(|(name, _)| name.ends_with("-service"));
        let sum = |part: fn(&Memory) -> f64| services().map(|(_, memory)| part(memory)).sum::<f64>();
        let _ = writeln!(
            text,
            "| all {} services | {:.1} | {:.1} | {:.1} | |",
            services().count(),
            sum(|memory| memory.resident),
            sum(|memory| memory.share),
            sum(|memory| memory.own),
        );
        text
    }

    fn ratio(&self, m: &Measurement, floor: &str) -> String {
        let floors = self.flows.iter().find(|(name, _)| name == floor);
        let same = floors.and_then(|(_, all)| all.iter().find(|other| other.connections == m.connections));
        same.map_or_else(String::new, |floor| format!("{:.2}", m.per_second / floor.per_second))
    }
}
