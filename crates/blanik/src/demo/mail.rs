//! The Microsoft 365 unified audit log: sign-ins, mailboxes, applications, files.

use blanik_model::Timestamp;
use serde_json::{Value, json};

use super::chronicle::{Body, Chronicle};
use super::clock::after;
use super::network::{DOMAIN, Person, TENANT};
use super::random::Random;
use super::signins::SignIn;
use super::transport::Message;

/// What the answer key calls the place of deeds in the mail service.
pub const SERVICE: &str = "Microsoft 365";

/// The mail service's own application.
pub const OWA: &str = "00000002-0000-0ff1-ce00-000000000000";
const BROWSER: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                       Gecko) Chrome/113.0.5672.93 Safari/537.36 Edg/113.0.1774.42";

/// How a mailbox was read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The application that read.
    pub application: &'a str,
    /// What the client calls itself.
    pub client: &'a str,
    /// The folder.
    pub folder: &'a str,
    /// How it was read, and what.
    pub access: Access,
}

/// What `MailAccessType` says, and what is known with it.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Single messages, each named by its id: the mailbox's messages from this number on, so many.
    Bind(u64, u64),
    /// A folder was brought up to date on a client: which messages that were, the record does not say.
    Sync,
    /// More than a thousand messages within a day: for the next 24 hours nothing is recorded any more.
    Throttled,
}

/// The id of a mailbox's message of that number.
pub fn message_id(who: &Person, number: u64) -> String {
    let mut digits = Random::stream(number, who.account);
    format!("<{}@{DOMAIN}>", digits.hex(24).to_ascii_uppercase())
}

/// The length of a mailbox's message of that number, in bytes.
pub fn message_bytes(who: &Person, number: u64) -> u64 {
    let mut lengths = Random::stream(number ^ 0x5151, who.account);
    let small = lengths.between(6_000, 90_000);
    // Every seventh has something attached.
    if lengths.between(1, 7) == 1 { small * 24 } else { small }
}

impl Chronicle {
    /// A sign-in with a browser; `error` is `0`, or the number of the failure. From outside it takes a second factor.
    pub fn signed_in(&mut self, time: Timestamp, who: &Person, address: &str, error: &str) {
        let second_factor = error == "0" && address != super::network::GATEWAY;
        let how = SignIn { address, error, client: "Browser", agent: BROWSER, second_factor };
        self.signed_in_by(time, who, how);
    }

    /// A sign-in, told by Entra and by the unified audit log.
    pub fn signed_in_by(&mut self, time: Timestamp, who: &Person, how: SignIn<'_>) {
        let SignIn { address, error, .. } = how;
        self.entra(time, who, how);
        let failed = error != "0";
        let operation = if failed { "UserLoginFailed" } else { "UserLoggedIn" };
        let mut line = self.audit(time, operation, 15, "AzureActiveDirectory", who);
        line["ResultStatus"] = "Success".into();
        line["ClientIP"] = address.into();
        line["ObjectId"] = "00000002-0000-0ff1-ce00-000000000000".into();
        line["AzureActiveDirectoryEventType"] = 1.into();
        line["ExtendedProperties"] = pairs(&[
            ("ResultStatusDetail", if failed { "UserError" } else { "Redirect" }),
            ("UserAgent", how.agent),
            ("RequestType", "OAuth2:Authorize"),
        ]);
        line["ActorIpAddress"] = address.into();
        line["ApplicationId"] = OWA.into();
        line["ErrorNumber"] = error.into();
        if failed {
            line["LogonError"] = "InvalidUserNameOrPassword".into();
        }
        self.put(time, Body::Mail(line.to_string()));
    }

    /// Messages were read.
    pub fn mail_read(&mut self, time: Timestamp, who: &Person, address: &str, how: Reading<'_>) {
        let mut line = self.audit(time, "MailItemsAccessed", 50, "Exchange", who);
        line["ResultStatus"] = "Succeeded".into();
        line["AppId"] = how.application.into();
        line["ClientAppId"] = how.application.into();
        line["ClientIPAddress"] = address.into();
        line["ClientInfoString"] = how.client.into();
        line["LogonType"] = 0.into();
        line["MailboxOwnerUPN"] = who.mail().into();
        line["MailboxGuid"] = Random::stream(0, who.account).guid().into();
        line["SessionId"] = self.random.guid().into();
        let (kind, throttled) = match how.access {
            Access::Bind(..) => ("Bind", "False"),
            Access::Sync => ("Sync", "False"),
            Access::Throttled => ("Bind", "True"),
        };
        line["OperationProperties"] =
            pairs(&[("MailAccessType", kind), ("IsThrottled", throttled)]);
        match how.access {
            Access::Bind(first, count) => {
                let items: Vec<Value> = (first..first + count)
                    .map(|n| json!({ "InternetMessageId": message_id(who, n), "SizeInBytes": message_bytes(who, n) }))
                    .collect();
                line["Folders"] = json!([{ "FolderItems": items, "Path": how.folder }]);
                line["OperationCount"] = count.into();
            }
            Access::Sync => {
                let folder = how.folder.trim_start_matches('\\');
                line["Item"] = json!({ "ParentFolder": { "Path": how.folder, "Name": folder } });
                line["OperationCount"] = 1.into();
            }
            Access::Throttled => line["OperationCount"] = 1.into(),
        }
        self.put(time, Body::Mail(line.to_string()));
    }

    /// A message was sent, to somebody in the ministry or outside.
    pub fn mail_sent(
        &mut self,
        time: Timestamp,
        who: &Person,
        address: &str,
        subject: &str,
        to: &str,
    ) {
        let mut line = self.audit(time, "Send", 2, "Exchange", who);
        line["ResultStatus"] = "Succeeded".into();
        line["ClientIPAddress"] = address.into();
        line["ClientInfoString"] = "Client=MSExchangeRPC".into();
        let id = format!("<{}@{DOMAIN}>", self.random.hex(24).to_ascii_uppercase());
        line["Item"] = json!({ "InternetMessageId": id, "Subject": subject });
        self.put(time, Body::Mail(line.to_string()));
        let bytes = self.random.between(5_000, 400_000);
        let message = Message { from: &who.mail(), to, subject, id: &id, bytes };
        self.message_went(after(time, 1_200), message, "RECEIVE");
    }

    /// An administrative command of the mail service, such as `New-InboxRule`.
    pub fn mail_command(
        &mut self,
        time: Timestamp,
        who: &Person,
        address: &str,
        command: &str,
        parameters: &[(&str, &str)],
    ) {
        let mut line = self.audit(time, command, 1, "Exchange", who);
        line["ResultStatus"] = "True".into();
        line["ClientIP"] = format!("{address}:{}", self.random.between(49_200, 65_000)).into();
        line["ObjectId"] = format!("{DOMAIN}/{}", who.account).into();
        line["ExternalAccess"] = false.into();
        line["Parameters"] = pairs(parameters);
        self.put(time, Body::Mail(line.to_string()));
    }

    /// Somebody let an application act for them.
    pub fn consented(
        &mut self,
        time: Timestamp,
        who: &Person,
        address: &str,
        application: (&str, &str),
        scope: &str,
        by_admin: &str,
    ) {
        let (name, id) = application;
        let mut line = self.audit(time, "Consent to application.", 8, "AzureActiveDirectory", who);
        line["ResultStatus"] = "Success".into();
        line["ClientIP"] = address.into();
        line["ObjectId"] = id.into();
        line["AzureActiveDirectoryEventType"] = 1.into();
        let permissions = format!("[] => [[ConsentType: Principal, Scope: {scope}]]; ");
        line["ModifiedProperties"] = [
            ("ConsentContext.IsAdminConsent", by_admin),
            ("ConsentContext.OnBehalfOfAll", by_admin),
            ("ConsentAction.Permissions", &permissions),
            ("TargetId.ServicePrincipalNames", id),
        ]
        .map(|(name, new)| json!({ "Name": name, "NewValue": new, "OldValue": "" }))
        .into_iter()
        .collect();
        line["Target"] = json!([{ "ID": name, "Type": 1 }, { "ID": id, "Type": 2 }]);
        self.put(time, Body::Mail(line.to_string()));
    }

    /// A file in the cloud was touched: `FileAccessed`, `FileDownloaded` …
    pub fn cloud_file(
        &mut self,
        time: Timestamp,
        who: &Person,
        address: &str,
        operation: &str,
        file: &str,
    ) {
        let mut line = self.audit(time, operation, 6, "OneDrive", who);
        line["ClientIP"] = address.into();
        line["ObjectId"] = format!("https://files.{DOMAIN}/{}/{file}", who.account).into();
        line["ItemType"] = "File".into();
        line["UserAgent"] = BROWSER.into();
        line["SourceFileName"] = file.into();
        self.put(time, Body::Mail(line.to_string()));
    }

    fn audit(
        &mut self,
        time: Timestamp,
        operation: &str,
        record_type: u32,
        workload: &str,
        who: &Person,
    ) -> Value {
        let stamp = time.to_jiff().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        json!({
            "CreationTime": stamp,
            "Id": self.random.guid(),
            "Operation": operation,
            "OrganizationId": TENANT,
            "RecordType": record_type,
            "UserKey": format!("1003200{:09}", who.rid),
            "UserType": 0,
            "Version": 1,
            "Workload": workload,
            "UserId": who.mail(),
            "OrganizationName": DOMAIN,
        })
    }
}

fn pairs(of: &[(&str, &str)]) -> Value {
    of.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}
