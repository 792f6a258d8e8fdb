//! The instances of one service, and what may happen to them.

use chrono::{DateTime, Utc};

use super::{Instance, InstanceId, Registration, Status};

/// The instances of one service, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Roster(Vec<Instance>);

/// What became of a roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    None,
    /// Nothing that decides where requests go: a renewed lease.
    Quiet,
    /// Watchers must hear of it.
    Notable,
}

/// The roster doesn't have the instance: it was never there, or its lease ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownInstance;

impl Roster {
    pub fn new(instances: Vec<Instance>) -> Self {
        Self(instances)
    }

    pub fn instances(&self) -> &[Instance] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A new instance takes the place of an older one at the same address: that process is gone, or the port
    /// would not have been free.
    pub fn register(&mut self, id: InstanceId, registration: Registration, now: DateTime<Utc>) -> &Instance {
        self.0.retain(|it| it.registration.endpoint != registration.endpoint);
        let newest = self.0.len();
        self.0.push(Instance {
            id,
            registration,
            status: Status::Up,
            registered_at: now,
            last_heartbeat: now,
        });
        &self.0[newest]
    }

    /// Renews the lease, also one that has run out but was not found yet.
    pub fn heartbeat(&mut self, id: &InstanceId, now: DateTime<Utc>) -> Result<&Instance, UnknownInstance> {
        let instance = self.find(id)?;
        instance.last_heartbeat = now.max(instance.last_heartbeat);
        Ok(instance)
    }

    pub fn set_status(
        &mut self,
        id: &InstanceId,
        status: Status,
    ) -> Result<(&Instance, Change), UnknownInstance> {
        let instance = self.find(id)?;
        let change = if instance.status == status { Change::None } else { Change::Notable };
        instance.status = status;
        Ok((instance, change))
    }

    pub fn leave(&mut self, id: &InstanceId) -> Result<(), UnknownInstance> {
        self.find(id)?;
        self.0.retain(|it| it.id != *id);
        Ok(())
    }

    /// Takes out, and returns, the instances whose leases have ended. `attended_since`: from when on the
    /// registry could be reached without a break.
    pub fn expire(&mut self, now: DateTime<Utc>, attended_since: DateTime<Utc>) -> Vec<Instance> {
        self.0.extract_if(.., |it| it.is_expired(now, attended_since)).collect()
    }

    fn find(&mut self, id: &InstanceId) -> Result<&mut Instance, UnknownInstance> {
        self.0.iter_mut().find(|it| it.id == *id).ok_or(UnknownInstance)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::{Endpoint, Metadata, Ttl};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn id(text: &str) -> InstanceId {
        text.parse().expect("an id")
    }

    fn on_port(port: i64) -> Registration {
        Registration {
            endpoint: Endpoint::new("10.0.0.1", port).expect("an endpoint"),
            version: "1.0.0".parse().expect("a version"),
            metadata: Metadata::default(),
            ttl: Ttl::DEFAULT,
        }
    }

    fn ids(roster: &Roster) -> Vec<&str> {
        roster.instances().iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn an_address_has_one_instance() {
        let mut roster = Roster::default();
        roster.register(id("a"), on_port(1), at(0));
        roster.register(id("b"), on_port(2), at(0));
        roster.register(id("c"), on_port(1), at(1));
        assert_eq!(ids(&roster), ["b", "c"]);
    }

    #[test]
    fn a_lease_lives_from_heartbeat_to_heartbeat() {
        let mut roster = Roster::default();
        roster.register(id("a"), on_port(1), at(0));
        roster.register(id("b"), on_port(2), at(0));
        roster.heartbeat(&id("a"), at(10)).expect("known");
        assert!(roster.expire(at(14), at(-100)).is_empty());
        assert_eq!(roster.expire(at(15), at(-100)).len(), 1);
        assert_eq!(ids(&roster), ["a"]);
        assert_eq!(roster.heartbeat(&id("b"), at(16)), Err(UnknownInstance));
        assert_eq!(roster.expire(at(25), at(-100)).len(), 1);
    }

    #[test]
    fn a_break_costs_nobody_the_lease() {
        let mut roster = Roster::default();
        roster.register(id("a"), on_port(1), at(0));
        roster.register(
            id("b"),
            Registration { ttl: Ttl::from_seconds(60).expect("valid"), ..on_port(2) },
            at(0),
        );
        assert!(roster.expire(at(1000), at(990)).is_empty());
        assert_eq!(roster.expire(at(1005), at(990)).len(), 1);
        assert_eq!(ids(&roster), ["b"]);
        assert_eq!(roster.expire(at(1050), at(990)).len(), 1);
    }

    #[test]
    fn heartbeats_leave_an_operators_decision_alone() {
        let mut roster = Roster::default();
        roster.register(id("a"), on_port(1), at(0));
        let (_, change) = roster.set_status(&id("a"), Status::OutOfService).expect("known");
        assert_eq!(change, Change::Notable);
        assert_eq!(roster.heartbeat(&id("a"), at(5)).expect("known").status, Status::OutOfService);
        let (_, change) = roster.set_status(&id("a"), Status::OutOfService).expect("known");
        assert_eq!(change, Change::None);
        roster.leave(&id("a")).expect("known");
        assert_eq!(roster.leave(&id("a")), Err(UnknownInstance));
    }
}
