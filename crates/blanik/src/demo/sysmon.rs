//! Sysmon's events, field by field as Sysmon 13 and later write them; and the start of a process,
//! which machines without Sysmon report in the Security log.

use blanik_model::Timestamp;

use super::chronicle::Chronicle;
use super::clock::spaced;
use super::network::{Audit, Host};
use super::programs;
use super::windows::{Channel, Fields, Process, Session};

/// A program to start.
#[derive(Clone, Copy, Debug)]
pub struct Launch<'a> {
    /// The file that is started.
    pub image: &'a str,
    /// The program that the file is, where the name hides it.
    pub really: &'a str,
    /// The whole command line.
    pub command_line: &'a str,
    /// The working directory.
    pub directory: &'a str,
}

impl<'a> Launch<'a> {
    /// A program under its own name.
    pub fn of(image: &'a str, command_line: &'a str) -> Self {
        Launch { image, really: image, command_line, directory: "C:\\Windows\\system32\\" }
    }

    /// A Windows program by its command line alone: its first word, in System32.
    pub fn in_directory(self, directory: &'a str) -> Self {
        Launch { directory, ..self }
    }
}

impl Chronicle {
    /// Starts a process: Sysmon 1, Security 4688 or both, as the machine audits.
    pub fn start(
        &mut self,
        time: Timestamp,
        session: &Session,
        parent: &Process,
        launch: Launch<'_>,
    ) -> Process {
        let process = self.running(session, launch.image, launch.command_line);
        if session.host.audit != Audit::Security {
            let fields = self.process_created(time, &process, parent, launch);
            self.sysmon(time, session.host, 1, fields);
        }
        if session.host.audit != Audit::Sysmon {
            self.security_4688(time, &process, parent);
        }
        process
    }

    fn sysmon(&mut self, time: Timestamp, host: &'static Host, id: u32, fields: Fields) {
        self.windows(time, host, Channel::Sysmon, id, fields);
    }

    fn process_created(
        &mut self,
        time: Timestamp,
        process: &Process,
        parent: &Process,
        launch: Launch<'_>,
    ) -> Fields {
        let program = programs::of(launch.really);
        let session = &process.session;
        let mut fields = begun(time, process);
        fields.extend([
            ("FileVersion", program.version.into()),
            ("Description", program.description.into()),
            ("Product", program.product.into()),
            ("Company", program.company.into()),
            ("OriginalFileName", program.original.into()),
            ("CommandLine", process.command_line.clone()),
            ("CurrentDirectory", launch.directory.into()),
            ("User", session.user()),
            ("LogonGuid", format!("{{{}}}", self.random.guid())),
            ("LogonId", session.logon_id.clone()),
            ("TerminalSessionId", if session.integrity == "System" { "0" } else { "1" }.into()),
            ("IntegrityLevel", session.integrity.into()),
            ("Hashes", programs::hashes(file_name(launch.really))),
            ("ParentProcessGuid", parent.guid.clone()),
            ("ParentProcessId", parent.pid.to_string()),
            ("ParentImage", parent.image.clone()),
            ("ParentCommandLine", parent.command_line.clone()),
            ("ParentUser", parent.session.user()),
        ]);
        fields
    }

    /// Sysmon 2: a file's creation time was set back.
    pub fn file_time_changed(&mut self, time: Timestamp, by: &Process, file: &str, created: &str) {
        let mut fields = begun(time, by);
        fields.extend([
            ("TargetFilename", file.into()),
            ("CreationUtcTime", created.into()),
            ("PreviousCreationUtcTime", spaced(time)),
            ("User", by.session.user()),
        ]);
        self.sysmon(time, by.host, 2, fields);
    }

    /// Sysmon 3: a process connected to somewhere.
    pub fn connected(&mut self, time: Timestamp, by: &Process, to: (&str, &str), port: u16) {
        let (name, address) = to;
        let mut fields = begun(time, by);
        fields.extend([
            ("User", by.session.user()),
            ("Protocol", "tcp".into()),
            ("Initiated", "true".into()),
            ("SourceIsIpv6", "false".into()),
            ("SourceIp", by.host.address.into()),
            ("SourceHostname", by.host.fqdn()),
            ("SourcePort", self.random.between(49_200, 65_000).to_string()),
            ("SourcePortName", "-".into()),
            ("DestinationIsIpv6", "false".into()),
            ("DestinationIp", address.into()),
            ("DestinationHostname", name.into()),
            ("DestinationPort", port.to_string()),
            ("DestinationPortName", if port == 443 { "https" } else { "-" }.into()),
        ]);
        self.sysmon(time, by.host, 3, fields);
    }

    /// Sysmon 7: a library was loaded; `signer` is empty for an unsigned one.
    pub fn library_loaded(&mut self, time: Timestamp, by: &Process, file: &str, signer: &str) {
        let mut fields = begun(time, by);
        let status = if signer.is_empty() {
            ("false", "-", "Unavailable")
        } else {
            ("true", signer, "Valid")
        };
        fields.extend([
            ("ImageLoaded", file.into()),
            ("FileVersion", "-".into()),
            ("Description", "-".into()),
            ("Product", "-".into()),
            ("Company", "-".into()),
            ("OriginalFileName", "-".into()),
            ("Hashes", programs::hashes(file)),
            ("Signed", status.0.into()),
            ("Signature", status.1.into()),
            ("SignatureStatus", status.2.into()),
            ("User", by.session.user()),
        ]);
        self.sysmon(time, by.host, 7, fields);
    }

    /// Sysmon 10: a process opened LSASS's memory.
    pub fn lsass_opened(&mut self, time: Timestamp, by: &Process, access: &str, trace: &str) {
        let fields = vec![
            ("RuleName", "-".into()),
            ("UtcTime", spaced(time)),
            ("SourceProcessGUID", by.guid.clone()),
            ("SourceProcessId", by.pid.to_string()),
            ("SourceThreadId", self.random.between(500, 3000).to_string()),
            ("SourceImage", by.image.clone()),
            ("TargetProcessGUID", format!("{{{}}}", self.random.guid())),
            ("TargetProcessId", "692".into()),
            ("TargetImage", "C:\\Windows\\system32\\lsass.exe".into()),
            ("GrantedAccess", access.into()),
            ("CallTrace", trace.into()),
            ("SourceUser", by.session.user()),
            ("TargetUser", "NT AUTHORITY\\SYSTEM".into()),
        ];
        self.sysmon(time, by.host, 10, fields);
    }

    /// Sysmon 11: a file was created.
    pub fn file_created(&mut self, time: Timestamp, by: &Process, file: &str) {
        let mut fields = begun(time, by);
        fields.extend([
            ("TargetFilename", file.into()),
            ("CreationUtcTime", spaced(time)),
            ("User", by.session.user()),
        ]);
        self.sysmon(time, by.host, 11, fields);
    }

    /// Sysmon 13: a registry value was set.
    pub fn registry_set(&mut self, time: Timestamp, by: &Process, value: &str, details: &str) {
        let mut fields = vec![("RuleName", "-".into()), ("EventType", "SetValue".into())];
        fields.extend(begun(time, by).into_iter().skip(1));
        fields.extend([
            ("TargetObject", value.into()),
            ("Details", details.into()),
            ("User", by.session.user()),
        ]);
        self.sysmon(time, by.host, 13, fields);
    }

    /// Sysmon 19, 20 and 21: a WMI subscription, its filter, consumer and binding.
    pub fn wmi_subscribed(
        &mut self,
        time: Timestamp,
        session: &Session,
        name: &str,
        query: &str,
        command: &str,
    ) {
        let common = |event_type: &str| -> Fields {
            vec![
                ("RuleName", "-".into()),
                ("EventType", event_type.into()),
                ("UtcTime", spaced(time)),
                ("Operation", "Created".into()),
                ("User", session.user()),
            ]
        };
        let mut filter = common("WmiFilterEvent");
        filter.extend([
            ("EventNamespace", "\"root\\\\cimv2\"".into()),
            ("Name", format!("\"{name}\"")),
            ("Query", format!("\"{query}\"")),
        ]);
        let mut consumer = common("WmiConsumerEvent");
        consumer.extend([
            ("Name", format!("\"{name}\"")),
            ("Type", "Command Line".into()),
            ("Destination", format!("\"{command}\"")),
        ]);
        let mut binding = common("WmiBindingEvent");
        binding.extend([
            ("Consumer", format!("\"CommandLineEventConsumer.Name=\\\"{name}\\\"\"")),
            ("Filter", format!("\"__EventFilter.Name=\\\"{name}\\\"\"")),
        ]);
        for (id, fields) in [(19, filter), (20, consumer), (21, binding)] {
            self.sysmon(time, session.host, id, fields);
        }
    }

    /// Sysmon 22: a process asked for a name.
    pub fn name_asked(&mut self, time: Timestamp, by: &Process, name: &str, address: &str) {
        let mut fields = begun(time, by);
        let asked = [
            ("QueryName", name.to_owned()),
            ("QueryStatus", "0".into()),
            ("QueryResults", format!("::ffff:{address};")),
        ];
        fields.splice(4..4, asked);
        fields.push(("User", by.session.user()));
        self.sysmon(time, by.host, 22, fields);
    }
}

/// The fields with which most of Sysmon's events begin.
fn begun(time: Timestamp, process: &Process) -> Fields {
    vec![
        ("RuleName", "-".into()),
        ("UtcTime", spaced(time)),
        ("ProcessGuid", process.guid.clone()),
        ("ProcessId", process.pid.to_string()),
        ("Image", process.image.clone()),
    ]
}

fn file_name(path: &str) -> &str {
    path.rsplit('\\').next().unwrap_or(path)
}
