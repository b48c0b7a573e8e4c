//! AWS partitions: separate worlds of accounts, each with its own ARNs, regions and host names.
//!
//! Source: `partitions.json` of the AWS SDKs.

/// Regions that exist but must be switched on in an account before it can use them, and in which version-1 session
/// tokens (of the global STS endpoint) are refused. Source: AWS Account Management reference, "AWS Regions".
const OPT_IN: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Partition {
    Aws,
    China,
    GovCloud,
    Iso,
    IsoB,
    IsoE,
    IsoF,
    EuSovereign,
}

/// A partition's names.
struct Names {
    id: &'static str,
    /// Host names end with one of these; the first is the ordinary one, others are dual stack.
    dns_suffixes: &'static [&'static str],
    region_prefixes: &'static [&'static str],
    /// Known when this was written; others with the right prefix are taken too.
    regions: &'static [&'static str],
    /// Where STS is called when nothing names a region.
    default_region: &'static str,
}

impl Partition {
    pub const ALL: [Partition; 8] = [
        Partition::Aws,
        Partition::China,
        Partition::GovCloud,
        Partition::Iso,
        Partition::IsoB,
        Partition::IsoE,
        Partition::IsoF,
        Partition::EuSovereign,
    ];

    fn names(self) -> Names {
        let (id, dns_suffixes, region_prefixes, regions, default_region): (_, &[_], &[_], &[_], _) = match self {
            Partition::Aws => (
                "aws",
                &["amazonaws.com", "api.aws"],
                &["us", "eu", "ap", "sa", "ca", "me", "af", "il", "mx"],
                &[
                    "us-east-1",
                    "us-east-2",
                    "us-west-1",
                    "us-west-2",
                    "ca-central-1",
                    "ca-west-1",
                    "eu-central-1",
                    "eu-central-2",
                    "eu-north-1",
                    "eu-south-1",
                    "eu-south-2",
                    "eu-west-1",
                    "eu-west-2",
                    "eu-west-3",
                    "ap-east-1",
                    "ap-east-2",
                    "ap-northeast-1",
                    "ap-northeast-2",
                    "ap-northeast-3",
                    "ap-south-1",
                    "ap-south-2",
                    "ap-southeast-1",
                    "ap-southeast-2",
                    "ap-southeast-3",
                    "ap-southeast-4",
                    "ap-southeast-5",
                    "ap-southeast-6",
                    "ap-southeast-7",
                    "af-south-1",
                    "il-central-1",
                    "me-central-1",
                    "me-south-1",
                    "mx-central-1",
                    "sa-east-1",
                ],
                "us-east-1",
            ),
            Partition::China => (
                "aws-cn",
                &["amazonaws.com.cn", "api.amazonwebservices.com.cn"],
                &["cn"],
                &["cn-north-1", "cn-northwest-1"],
                "cn-north-1",
            ),
            Partition::GovCloud => (
                "aws-us-gov",
                &["amazonaws.com", "api.aws"],
                &["us-gov"],
                &["us-gov-east-1", "us-gov-west-1"],
                "us-gov-west-1",
            ),
            Partition::Iso => (
                "aws-iso",
                &["c2s.ic.gov", "api.aws.ic.gov"],
                &["us-iso"],
                &["us-iso-east-1", "us-iso-west-1"],
                "us-iso-east-1",
            ),
            Partition::IsoB => (
                "aws-iso-b",
                &["sc2s.sgov.gov", "api.aws.scloud"],
                &["us-isob"],
                &["us-isob-east-1", "us-isob-west-1"],
                "us-isob-east-1",
            ),
            Partition::IsoE => (
                "aws-iso-e",
                &["cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"],
                &["eu-isoe"],
                &["eu-isoe-west-1"],
                "eu-isoe-west-1",
            ),
            Partition::IsoF => (
                "aws-iso-f",
                &["csp.hci.ic.gov", "api.aws.hci.ic.gov"],
                &["us-isof"],
                &["us-isof-east-1", "us-isof-south-1"],
                "us-isof-south-1",
            ),
            Partition::EuSovereign => (
                "aws-eusc",
                &["amazonaws.eu", "api.amazonwebservices.eu"],
                &["eusc-de", "eusc"],
                &["eusc-de-east-1"],
                "eusc-de-east-1",
            ),
        };
        Names { id, dns_suffixes, region_prefixes, regions, default_region }
    }

    /// The second field of an ARN.
    pub fn id(self) -> &'static str {
        self.names().id
    }

    pub fn from_id(id: &str) -> Option<Partition> {
        Self::ALL.into_iter().find(|partition| partition.id() == id)
    }

    pub fn dns_suffix(self) -> &'static str {
        self.names().dns_suffixes[0]
    }

    pub fn default_region(self) -> &'static str {
        self.names().default_region
    }

    /// What `aws iam` needs besides: IAM is global within a partition, and the CLI finds the other partitions' by a region
    /// of theirs.
    pub fn iam_region_option(self) -> String {
        match self {
            Partition::Aws => String::new(),
            other => format!(" --region {}", other.default_region()),
        }
    }

    /// The partition of a region, also of one that is younger than this list: by its prefix.
    pub fn of_region(region: &str) -> Option<Partition> {
        let fits = |partition: &Partition, region: &str| {
            partition.names().region_prefixes.iter().any(|prefix| {
                region.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')).is_some_and(|rest| {
                    let (direction, number) = rest.split_once('-').unwrap_or((rest, ""));
                    !direction.is_empty()
                        && direction.bytes().all(|b| b.is_ascii_lowercase())
                        && number.parse::<u8>().is_ok()
                })
            })
        };
        Self::ALL.into_iter().find(|partition| fits(partition, region))
    }

    /// The partition that a host name of AWS belongs to.
    pub fn of_host(host: &str) -> Option<Partition> {
        let ends_with = |partition: &Partition| {
            let names = partition.names();
            names
                .dns_suffixes
                .iter()
                .any(|suffix| host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
        };
        // GovCloud shares its suffix with the commercial partition: there the region in the name decides.
        let named = host.split('.').find_map(|label| Self::of_region(label).filter(ends_with));
        named.or_else(|| Self::ALL.into_iter().find(ends_with))
    }

    /// Whether the region is on this project's list.
    pub fn knows_region(self, region: &str) -> bool {
        self.names().regions.contains(&region)
    }

    /// Whether an account must switch the region on first.
    pub fn is_opt_in(region: &str) -> bool {
        OPT_IN.contains(&region)
    }

    /// The known region nearest to a misspelt one, in any partition, if it is near enough to be meant.
    pub fn nearest_region(misspelt: &str) -> Option<&'static str> {
        let misspelt = misspelt.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        let all = Self::ALL.into_iter().flat_map(|partition| partition.names().regions);
        all.map(|region| (edits(&misspelt, region), *region))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= 3)
            .map(|(_, region)| region)
    }
}

/// Levenshtein distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// The name of the service that a VPC endpoint for STS is created with. China's begins with `cn.`, and those of isolated
/// partitions are not public (`aws ec2 describe-vpc-endpoint-services` in each).
pub(crate) fn sts_endpoint_service(region: &str) -> Option<String> {
    match Partition::of_region(region)? {
        Partition::Aws | Partition::GovCloud => Some(format!("com.amazonaws.{region}.sts")),
        Partition::China => Some(format!("cn.com.amazonaws.{region}.sts")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_region_is_of_its_partition() {
        for partition in Partition::ALL {
            assert_eq!(Partition::from_id(partition.id()), Some(partition));
            assert!(partition.knows_region(partition.default_region()));
            for region in partition.names().regions {
                assert_eq!(Partition::of_region(region), Some(partition), "{region}");
                let host = format!("sts.{region}.{}", partition.dns_suffix());
                assert_eq!(Partition::of_host(&host), Some(partition), "{host}");
            }
        }
        for region in OPT_IN {
            assert!(Partition::Aws.knows_region(region), "{region}");
        }
    }

    #[test]
    fn what_is_no_region_has_no_partition() {
        for text in [
            "",
            "aws-global",
            "eu",
            "eu-west",
            "eu-west-",
            "EU-WEST-1",
            "eu-west-1a",
            "eu-west-1.evil.example",
            "xx-west-1",
        ] {
            assert_eq!(Partition::of_region(text), None, "{text}");
        }
        assert_eq!(Partition::of_region("eu-nowhere-9"), Some(Partition::Aws));
        assert_eq!(Partition::of_host("sts.amazonaws.com.evil.example"), None);
        assert_eq!(Partition::of_host("evilamazonaws.com"), None);
        assert_eq!(Partition::of_host("sts.amazonaws.com"), Some(Partition::Aws));
    }

    #[test]
    fn the_nearest_region_is_suggested_only_when_near() {
        for (misspelt, meant) in [
            ("eu-west1", Some("eu-west-1")),
            ("us-esat-1", Some("us-east-1")),
            ("EU_CENTRAL_1", Some("eu-central-1")),
            ("cn-nort-1", Some("cn-north-1")),
            ("frankfurt", None),
            ("", None),
        ] {
            assert_eq!(Partition::nearest_region(misspelt), meant, "{misspelt}");
        }
    }
}
