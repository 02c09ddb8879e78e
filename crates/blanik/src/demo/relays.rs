//! Where intrusion A comes from: addresses and a name that CERT-FR and Sekoia.io published in 2021 of the actor
//! that they call APT31, so that a hunt with their lists finds them here as it would in real logs.
//!
//! Facts only. CERT-FR: "Campagne d'attaque du mode opératoire APT31", CERTFR-2021-IOC-003 of 21 July 2021 (161
//! addresses, TLP:WHITE), with CERTFR-2021-CTI-012 and -013: small-office routers were taken over and used as a
//! mesh of relays, for reconnaissance as well as for attacks, so that an intrusion seems to come from ordinary
//! customers of many countries. Sekoia.io: "Walking on APT31 infrastructure footprints" and its indicators of 10
//! November 2021 (TLP:WHITE). The relays' owners were victims. All else here (dates, deeds, the ministry) is
//! invented, and nothing says that these addresses ever did any of it; none is to be contacted.

/// Addresses of routers that CERT-FR's list names. The first stands in Sekoia's, too.
pub const CERT_FR: [&str; 8] = [
    "189.121.150.254",
    "105.154.12.165",
    "110.36.231.150",
    "178.149.149.64",
    "95.165.146.19",
    "46.188.5.39",
    "60.249.95.79",
    "217.131.2.188",
];

/// Addresses that Sekoia's list alone names.
pub const SEKOIA: [&str; 3] = ["217.210.180.113", "81.236.182.199", "88.88.141.177"];

/// A name for command and control that Sekoia's list has.
pub const NAME: &str = "www.winserviceupdate.com";

/// What the name leads to here. That pairing is invented.
pub const CONTROL: (&str, &str) = (NAME, SEKOIA[0]);

/// From where the mail gateway's implant is reached.
pub const IMPLANT: &str = SEKOIA[1];
