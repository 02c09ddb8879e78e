//! Events of the logs Security, System, PowerShell and TaskScheduler, field by field as Windows 10
//! and Server 2019 write them.

use blanik_model::Timestamp;

use super::chronicle::Chronicle;
use super::network::{DOMAIN, Host, NETBIOS, Person};
use super::windows::{Channel, Fields, Process, Session};

/// The right to replicate the directory (DS-Replication-Get-Changes).
const GET_CHANGES: &str = "{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}";
/// The right to replicate secrets with it (DS-Replication-Get-Changes-All).
const GET_CHANGES_ALL: &str = "{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}";

/// Where a logon came from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The machine's name, or `-`.
    pub workstation: &'a str,
    /// Its address, or `-`.
    pub address: &'a str,
    /// `Kerberos`, `NTLM` or `Negotiate`.
    pub package: &'a str,
}

impl Origin<'static> {
    /// At the machine's own keyboard.
    pub const KEYBOARD: Origin<'static> =
        Origin { workstation: "-", address: "127.0.0.1", package: "Negotiate" };

    /// From another machine, by Kerberos.
    pub fn kerberos(from: &Host) -> Origin<'_> {
        Origin { workstation: "-", address: from.address, package: "Kerberos" }
    }

    /// From another machine, by NTLM.
    pub fn ntlm(from: &Host) -> Origin<'_> {
        Origin { workstation: from.name, address: from.address, package: "NTLM" }
    }
}

impl Chronicle {
    fn security(&mut self, time: Timestamp, host: &'static Host, id: u32, fields: Fields) {
        self.windows(time, host, Channel::Security, id, fields);
    }

    fn port(&mut self) -> String {
        self.random.between(49_200, 65_000).to_string()
    }

    /// 4688: a process began.
    pub fn security_4688(&mut self, time: Timestamp, process: &Process, parent: &Process) {
        let label = match process.session.integrity {
            "System" => "S-1-16-16384",
            "High" => "S-1-16-12288",
            _ => "S-1-16-8192",
        };
        let mut fields = subject(&process.session);
        fields.extend([
            ("NewProcessId", format!("0x{:x}", process.pid)),
            ("NewProcessName", process.image.clone()),
            ("TokenElevationType", "%%1936".into()),
            ("ProcessId", format!("0x{:x}", parent.pid)),
            ("CommandLine", process.command_line.clone()),
            ("TargetUserSid", "S-1-0-0".into()),
            ("TargetUserName", "-".into()),
            ("TargetDomainName", "-".into()),
            ("TargetLogonId", "0x0".into()),
            ("ParentProcessName", parent.image.clone()),
            ("MandatoryLabel", label.into()),
        ]);
        self.security(time, process.host, 4688, fields);
    }

    /// 4624: a logon of that type succeeded.
    pub fn logged_on(&mut self, time: Timestamp, session: &Session, kind: u8, from: Origin<'_>) {
        let machine = Session::system(session.host);
        let mut fields = if kind == 3 { nobody() } else { subject(&machine) };
        let process = if kind == 3 { "-" } else { "C:\\Windows\\System32\\svchost.exe" };
        let logon_process = match from.package {
            "Kerberos" => "Kerberos",
            "NTLM" => "NtLmSsp ",
            _ => "User32 ",
        };
        fields.extend([
            ("TargetUserSid", session.sid.clone()),
            ("TargetUserName", session.account.clone()),
            ("TargetDomainName", session.domain.clone()),
            ("TargetLogonId", session.logon_id.clone()),
            ("LogonType", kind.to_string()),
            ("LogonProcessName", logon_process.into()),
            ("AuthenticationPackageName", from.package.into()),
            ("WorkstationName", from.workstation.into()),
            ("LogonGuid", format!("{{{}}}", self.random.guid())),
            ("TransmittedServices", "-".into()),
            ("LmPackageName", if from.package == "NTLM" { "NTLM V2" } else { "-" }.into()),
            ("KeyLength", if from.package == "NTLM" { "128" } else { "0" }.into()),
            ("ProcessId", "0x0".into()),
            ("ProcessName", process.into()),
            ("IpAddress", from.address.into()),
            ("IpPort", if kind == 3 { self.port() } else { "0".into() }),
            ("ImpersonationLevel", "%%1833".into()),
            ("RestrictedAdminMode", "-".into()),
            ("TargetOutboundUserName", "-".into()),
            ("TargetOutboundDomainName", "-".into()),
            ("VirtualAccount", "%%1843".into()),
            ("TargetLinkedLogonId", "0x0".into()),
            ("ElevatedToken", elevated(session).into()),
        ]);
        self.security(time, session.host, 4624, fields);
    }

    /// 4625: a logon failed for a wrong password.
    pub fn logon_failed(
        &mut self,
        time: Timestamp,
        host: &'static Host,
        account: &str,
        from: Origin<'_>,
    ) {
        let mut fields = nobody();
        fields.extend([
            ("TargetUserSid", "S-1-0-0".into()),
            ("TargetUserName", account.into()),
            ("TargetDomainName", NETBIOS.into()),
            ("Status", "0xc000006d".into()),
            ("FailureReason", "%%2313".into()),
            ("SubStatus", "0xc000006a".into()),
            ("LogonType", if from.address == "127.0.0.1" { "2" } else { "3" }.into()),
            ("LogonProcessName", "NtLmSsp ".into()),
            ("AuthenticationPackageName", from.package.into()),
            ("WorkstationName", from.workstation.into()),
            ("TransmittedServices", "-".into()),
            ("LmPackageName", "-".into()),
            ("KeyLength", "0".into()),
            ("ProcessId", "0x0".into()),
            ("ProcessName", "-".into()),
            ("IpAddress", from.address.into()),
            ("IpPort", self.port()),
        ]);
        self.security(time, host, 4625, fields);
    }

    /// 4634: the session ended.
    pub fn logged_off(&mut self, time: Timestamp, session: &Session, kind: u8) {
        let fields = vec![
            ("TargetUserSid", session.sid.clone()),
            ("TargetUserName", session.account.clone()),
            ("TargetDomainName", session.domain.clone()),
            ("TargetLogonId", session.logon_id.clone()),
            ("LogonType", kind.to_string()),
        ];
        self.security(time, session.host, 4634, fields);
    }

    /// 4648: somebody used another account's password.
    pub fn used_credentials(
        &mut self,
        time: Timestamp,
        by: &Process,
        account: &str,
        target: &Host,
    ) {
        let mut fields = subject(&by.session);
        fields.extend([
            ("LogonGuid", "{00000000-0000-0000-0000-000000000000}".into()),
            ("TargetUserName", account.into()),
            ("TargetDomainName", NETBIOS.into()),
            ("TargetLogonGuid", "{00000000-0000-0000-0000-000000000000}".into()),
            ("TargetServerName", target.fqdn()),
            ("TargetInfo", target.fqdn()),
            ("ProcessId", format!("0x{:x}", by.pid)),
            ("ProcessName", by.image.clone()),
            ("IpAddress", "-".into()),
            ("IpPort", "-".into()),
        ]);
        self.security(time, by.host, 4648, fields);
    }

    /// 4662: the directory's secrets were read by replication.
    pub fn replicated(&mut self, time: Timestamp, session: &Session) {
        for right in [GET_CHANGES, GET_CHANGES_ALL] {
            let mut fields = subject(session);
            fields.extend([
                ("ObjectServer", "DS".into()),
                ("ObjectType", "%{19195a5b-6da0-11d0-afd3-00c04fd930c9}".into()),
                ("ObjectName", "%{5c71cabd-e038-4ee7-bf97-ead4b545a3da}".into()),
                ("OperationType", "Object Access".into()),
                ("HandleId", "0x0".into()),
                ("AccessList", "%%7688\r\n\t\t\t\t".into()),
                ("AccessMask", "0x100".into()),
                (
                    "Properties",
                    format!(
                        "%%7688\r\n\t\t{right}\r\n\t{{19195a5b-6da0-11d0-afd3-00c04fd930c9}}\r\n"
                    ),
                ),
                ("AdditionalInfo", "-".into()),
                ("AdditionalInfo2", String::new()),
            ]);
            self.security(time, session.host, 4662, fields);
        }
    }

    /// 4672: a session with special rights began.
    pub fn special_rights(&mut self, time: Timestamp, session: &Session) {
        let mut fields = subject(session);
        let rights = "SeSecurityPrivilege\r\n\t\t\tSeBackupPrivilege\r\n\t\t\tSeDebugPrivilege";
        fields.push(("PrivilegeList", rights.into()));
        self.security(time, session.host, 4672, fields);
    }

    /// 7045, and on machines that audit it 4697: a service was installed.
    pub fn service_installed(
        &mut self,
        time: Timestamp,
        session: &Session,
        name: &str,
        command: &str,
        audited: Audited,
    ) {
        let fields = vec![
            ("ServiceName", name.into()),
            ("ImagePath", command.into()),
            ("ServiceType", "user mode service".into()),
            ("StartType", "demand start".into()),
            ("AccountName", "LocalSystem".into()),
        ];
        self.windows(time, session.host, Channel::System, 7045, fields);
        if audited == Audited::Yes {
            let mut fields = subject(session);
            fields.extend([
                ("ServiceName", name.into()),
                ("ServiceFileName", command.into()),
                ("ServiceType", "0x10".into()),
                ("ServiceStartType", "3".into()),
                ("ServiceAccount", "LocalSystem".into()),
            ]);
            self.security(time, session.host, 4697, fields);
        }
    }

    /// 4698, and TaskScheduler's 106: a task was registered.
    pub fn task_registered(
        &mut self,
        time: Timestamp,
        session: &Session,
        task: &str,
        command: &str,
        arguments: &str,
    ) {
        let content = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n<Task version=\"1.2\" \
             xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n  <Actions \
             Context=\"Author\">\r\n    <Exec>\r\n      <Command>{command}</Command>\r\n      \
             <Arguments>{arguments}</Arguments>\r\n    </Exec>\r\n  </Actions>\r\n</Task>"
        );
        let mut fields = subject(session);
        fields.extend([
            ("TaskName", task.into()),
            ("TaskContent", content),
            ("ClientProcessStartKey", self.random.between(1 << 50, 1 << 51).to_string()),
            ("ClientProcessId", (self.random.between(300, 3000) * 4).to_string()),
            ("ParentProcessId", (self.random.between(300, 3000) * 4).to_string()),
            ("RpcCallClientLocality", "0".into()),
            ("FQDN", session.host.fqdn()),
        ]);
        self.security(time, session.host, 4698, fields);
        let fields = vec![("TaskName", task.into()), ("UserContext", session.user())];
        self.windows(time, session.host, Channel::TaskScheduler, 106, fields);
    }

    /// TaskScheduler's 200: a task's action began.
    pub fn task_run(&mut self, time: Timestamp, host: &'static Host, task: &str, action: &str) {
        let fields = vec![
            ("TaskName", task.into()),
            ("ActionName", action.into()),
            ("TaskInstanceId", format!("{{{}}}", self.random.guid())),
            ("EnginePID", (self.random.between(300, 900) * 4).to_string()),
        ];
        self.windows(time, host, Channel::TaskScheduler, 200, fields);
    }

    /// 4720 and 4732: a local account was created and made administrator.
    pub fn account_created(&mut self, time: Timestamp, by: &Session, account: &str) {
        let sid = format!("S-1-5-21-{}-1013", self.random.between(1 << 30, 1 << 31));
        let mut fields = vec![
            ("TargetUserName", account.into()),
            ("TargetDomainName", by.host.name.into()),
            ("TargetSid", sid.clone()),
        ];
        fields.extend(subject(by));
        fields.extend([
            ("PrivilegeList", "-".into()),
            ("SamAccountName", account.into()),
            ("DisplayName", "%%1793".into()),
            ("UserPrincipalName", "-".into()),
            ("PrimaryGroupId", "513".into()),
            ("OldUacValue", "0x0".into()),
            ("NewUacValue", "0x15".into()),
        ]);
        self.security(time, by.host, 4720, fields);
        let mut fields = vec![
            ("MemberName", "-".into()),
            ("MemberSid", sid),
            ("TargetUserName", "Administrators".into()),
            ("TargetDomainName", "Builtin".into()),
            ("TargetSid", "S-1-5-32-544".into()),
        ];
        fields.extend(subject(by));
        fields.push(("PrivilegeList", "-".into()));
        self.security(time, by.host, 4732, fields);
    }

    /// 4768: a ticket-granting ticket was given.
    pub fn ticket_granted(
        &mut self,
        time: Timestamp,
        dc: &'static Host,
        who: &Person,
        address: &str,
    ) {
        let fields = vec![
            ("TargetUserName", who.account.into()),
            ("TargetDomainName", NETBIOS.into()),
            ("TargetSid", who.sid()),
            ("ServiceName", "krbtgt".into()),
            ("ServiceSid", format!("{}-502", super::network::DOMAIN_SID)),
            ("TicketOptions", "0x40810010".into()),
            ("Status", "0x0".into()),
            ("TicketEncryptionType", "0x12".into()),
            ("PreAuthType", "2".into()),
            ("IpAddress", format!("::ffff:{address}")),
            ("IpPort", self.port()),
            ("CertIssuerName", String::new()),
            ("CertSerialNumber", String::new()),
            ("CertThumbprint", String::new()),
        ];
        self.security(time, dc, 4768, fields);
    }

    /// 4769: a ticket for a service was given; `0x17` is RC4, `0x12` AES.
    pub fn service_ticket(
        &mut self,
        time: Timestamp,
        dc: &'static Host,
        account: &str,
        from: &Host,
        service: &str,
        encryption: &str,
    ) {
        let fields = vec![
            ("TargetUserName", format!("{account}@{}", DOMAIN.to_ascii_uppercase())),
            ("TargetDomainName", DOMAIN.to_ascii_uppercase()),
            ("ServiceName", service.into()),
            ("ServiceSid", format!("{}-1200", super::network::DOMAIN_SID)),
            ("TicketOptions", "0x40810000".into()),
            ("TicketEncryptionType", encryption.into()),
            ("IpAddress", format!("::ffff:{}", from.address)),
            ("IpPort", self.port()),
            ("Status", "0x0".into()),
            ("LogonGuid", format!("{{{}}}", self.random.guid())),
            ("TransmittedServices", "-".into()),
        ];
        self.security(time, dc, 4769, fields);
    }

    /// 4776: a domain controller checked a password by NTLM.
    pub fn ntlm_checked(&mut self, time: Timestamp, dc: &'static Host, account: &str, from: &Host) {
        let fields = vec![
            ("PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0".into()),
            ("TargetUserName", account.into()),
            ("Workstation", from.name.into()),
            ("Status", "0x0".into()),
        ];
        self.security(time, dc, 4776, fields);
    }

    /// 5140, and 5145 for the file: something in a share was opened.
    pub fn share_opened(
        &mut self,
        time: Timestamp,
        session: &Session,
        from: &str,
        share: &str,
        file: Option<&str>,
    ) {
        let port = self.port();
        let mut fields = subject(session);
        fields.extend([
            ("ObjectType", "File".into()),
            ("IpAddress", from.into()),
            ("IpPort", port),
            ("ShareName", format!("\\\\*\\{share}")),
            ("ShareLocalPath", format!("\\??\\{}", local_path(share))),
        ]);
        let access = [("AccessMask", "0x1".into()), ("AccessList", "%%4416\r\n\t\t\t\t".into())];
        let Some(file) = file else {
            fields.extend(access);
            return self.security(time, session.host, 5140, fields);
        };
        fields.push(("RelativeTargetName", file.into()));
        fields.extend(access);
        fields.push(("AccessReason", "-".into()));
        self.security(time, session.host, 5145, fields);
    }

    /// 1102 or System's 104: a log was cleared.
    pub fn log_cleared(&mut self, time: Timestamp, session: &Session, channel: Channel) {
        let mut fields = subject(session);
        if channel == Channel::Security {
            return self.windows(time, session.host, Channel::Security, 1102, fields);
        }
        fields = vec![
            ("SubjectUserName", session.account.clone()),
            ("SubjectDomainName", session.domain.clone()),
            ("Channel", channel.name().into()),
            ("BackupPath", String::new()),
        ];
        self.windows(time, session.host, Channel::System, 104, fields);
    }

    /// PowerShell's 4104: a script block ran.
    pub fn script_ran(&mut self, time: Timestamp, host: &'static Host, text: &str, path: &str) {
        let fields = vec![
            ("MessageNumber", "1".into()),
            ("MessageTotal", "1".into()),
            ("ScriptBlockText", text.into()),
            ("ScriptBlockId", self.random.guid()),
            ("Path", path.into()),
        ];
        self.windows(time, host, Channel::PowerShell, 4104, fields);
    }
}

/// Whether a machine audits service installations in its Security log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audited {
    /// It does.
    Yes,
    /// It does not.
    No,
}

fn subject(session: &Session) -> Fields {
    vec![
        ("SubjectUserSid", session.sid.clone()),
        ("SubjectUserName", session.account.clone()),
        ("SubjectDomainName", session.domain.clone()),
        ("SubjectLogonId", session.logon_id.clone()),
    ]
}

fn nobody() -> Fields {
    vec![
        ("SubjectUserSid", "S-1-0-0".into()),
        ("SubjectUserName", "-".into()),
        ("SubjectDomainName", "-".into()),
        ("SubjectLogonId", "0x0".into()),
    ]
}

fn elevated(session: &Session) -> &'static str {
    if session.integrity == "Medium" { "%%1843" } else { "%%1842" }
}

fn local_path(share: &str) -> String {
    match share {
        "ADMIN$" => "C:\\Windows".into(),
        "C$" => "C:\\".into(),
        _ => format!("D:\\Shares\\{share}"),
    }
}
