//! The Microsoft 365 unified audit log: sign-ins, mailboxes, applications, files.

use blanik_model::Timestamp;
use serde_json::{Value, json};

use super::chronicle::{Body, Chronicle};
use super::network::{DOMAIN, Person, TENANT};

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
    /// `Bind` for single messages, `Sync` for a folder.
    pub access: &'a str,
    /// The folder.
    pub folder: &'a str,
    /// How many messages.
    pub count: u64,
}

impl Chronicle {
    /// A sign-in; `error` is `0`, or the number of the failure.
    pub fn signed_in(&mut self, time: Timestamp, who: &Person, address: &str, error: &str) {
        let failed = error != "0";
        let operation = if failed { "UserLoginFailed" } else { "UserLoggedIn" };
        let mut line = self.audit(time, operation, 15, "AzureActiveDirectory", who);
        line["ResultStatus"] = "Success".into();
        line["ClientIP"] = address.into();
        line["ObjectId"] = "00000002-0000-0ff1-ce00-000000000000".into();
        line["AzureActiveDirectoryEventType"] = 1.into();
        line["ExtendedProperties"] = pairs(&[
            ("ResultStatusDetail", if failed { "UserError" } else { "Redirect" }),
            ("UserAgent", BROWSER),
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
        line["OperationProperties"] =
            pairs(&[("MailAccessType", how.access), ("IsThrottled", "False")]);
        let messages: Vec<Value> = (0..how.count.min(4))
            .map(|_| {
                let id = format!("<{}@{DOMAIN}>", self.random.hex(24).to_ascii_uppercase());
                json!({ "InternetMessageId": id })
            })
            .collect();
        line["Folders"] = json!([{ "FolderItems": messages, "Path": how.folder }]);
        line["OperationCount"] = how.count.into();
        self.put(time, Body::Mail(line.to_string()));
    }

    /// A message was sent.
    pub fn mail_sent(&mut self, time: Timestamp, who: &Person, address: &str, subject: &str) {
        let mut line = self.audit(time, "Send", 2, "Exchange", who);
        line["ResultStatus"] = "Succeeded".into();
        line["ClientIPAddress"] = address.into();
        line["ClientInfoString"] = "Client=MSExchangeRPC".into();
        let id = format!("<{}@{DOMAIN}>", self.random.hex(24).to_ascii_uppercase());
        line["Item"] = json!({ "InternetMessageId": id, "Subject": subject });
        self.put(time, Body::Mail(line.to_string()));
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
        })
    }
}

fn pairs(of: &[(&str, &str)]) -> Value {
    of.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect()
}
