//! Entra's sign-in log, as a diagnostic setting of Azure Monitor writes it: one JSON record a line.
//!
//! The unified audit log tells of the same sign-ins in its own words (see [`super::mail`]).

use blanik_model::Timestamp;
use serde_json::json;

use super::chronicle::{Body, Chronicle};
use super::clock::iso;
use super::feeds::Feed;
use super::network::{EMBASSIES, GATEWAY, Person, TENANT};

/// How somebody signs in.
#[derive(Clone, Copy, Debug)]
pub struct SignIn<'a> {
    /// From where.
    pub address: &'a str,
    /// `0`, or the number of the failure.
    pub error: &'a str,
    /// What asks: `Browser`, `Mobile Apps and Desktop clients`, `IMAP4` …
    pub client: &'a str,
    /// The program that asks.
    pub agent: &'a str,
    /// A second factor was shown.
    pub second_factor: bool,
}

impl Chronicle {
    /// Puts the sign-in down.
    pub fn entra(&mut self, time: Timestamp, who: &Person, how: SignIn<'_>) {
        let home = how.address == GATEWAY;
        let needed = if how.second_factor {
            "multiFactorAuthentication"
        } else {
            "singleFactorAuthentication"
        };
        let device =
            if home { (who.host.name, "Hybrid Azure AD joined", true) } else { ("", "", false) };
        let (device, trust, managed) = device;
        let reason = match how.error {
            "50126" => "Invalid username or password or Invalid on-premise username or password.",
            _ => "",
        };
        let country = match how.address {
            GATEWAY => "CZ",
            address if EMBASSIES.contains(&address) => "AT",
            _ => "",
        };
        let error: i64 = how.error.parse().expect("the story's errors are numbers");
        let line = json!({
            "time": iso(time),
            "resourceId": format!("/tenants/{TENANT}/providers/Microsoft.aadiam"),
            "operationName": "Sign-in activity",
            "operationVersion": "1.0",
            "category": "SignInLogs",
            "tenantId": TENANT,
            "resultType": how.error,
            "resultDescription": reason,
            "callerIpAddress": how.address,
            "correlationId": self.random.guid(),
            "identity": who.name.split(',').next().unwrap_or(who.name),
            "Level": 4,
            "location": country,
            "properties": {
                "id": self.random.guid(),
                "createdDateTime": iso(time),
                "userDisplayName": who.name.split(',').next().unwrap_or(who.name),
                "userPrincipalName": who.mail(),
                "appId": super::mail::OWA,
                "appDisplayName": "Office 365 Exchange Online",
                "ipAddress": how.address,
                "clientAppUsed": how.client,
                "userAgent": how.agent,
                "authenticationRequirement": needed,
                "conditionalAccessStatus": "notApplied",
                "isInteractive": true,
                "riskState": "none",
                "status": { "errorCode": error, "failureReason": reason },
                "deviceDetail": { "displayName": device, "trustType": trust, "isManaged": managed },
                "location": { "countryOrRegion": country },
            },
        });
        self.put(time, Body::Line(Feed::SignIns, line.to_string()));
    }
}
