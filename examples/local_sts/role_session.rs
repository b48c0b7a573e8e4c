//! A role that somebody has assumed, under the name of a session.

use irsa_probe::aws::arn::RoleArn;

pub struct RoleSession {
    pub role: RoleArn,
    pub name: String,
    /// Seconds.
    pub duration: u32,
}

impl RoleSession {
    /// It drops the role's path.
    pub fn arn(&self) -> String {
        let (partition, account) = (self.role.partition.id(), &self.role.account);
        format!("arn:{partition}:sts::{account}:assumed-role/{}/{}", self.role.name, self.name)
    }

    /// `AROA...:session`; the first half is the role's unique id, here made of its ARN.
    pub fn user_id(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, self.role.to_string().as_bytes());
        let letters: String = digest.as_ref().iter().take(17).map(|byte| char::from(b'A' + byte % 26)).collect();
        format!("AROA{letters}:{}", self.name)
    }
}
