//! From the web server inwards: the registry server, tickets, and the backdoor that reports for years.

use blanik_model::Timestamp;

use super::super::chronicle::Chronicle;
use super::super::clock::{after, minutes};
use super::super::network::{
    APP01, DC01, Host, SVC_BACKUP, SVC_DEPLOY, SVC_PORTAL, SVC_PRINT, SVC_SQL, WEB01,
};
use super::super::relays::CONTROL;
use super::super::security::Origin;
use super::super::sysmon::Launch;
use super::super::windows::{Process, Session};
use super::super::zeek::Traffic;
use super::{BACKDOOR, BACKDOOR_FOLDER, BACKDOOR_TASK, CMD, at, deed};

/// In these months nothing is heard of it.
const SILENCE: [&str; 2] = ["2024-11-02T00:00:00Z", "2025-02-08T23:40:00Z"];

/// Does this part.
pub fn tell(c: &mut Chronicle) {
    move_to_registry(c);
    roast(c);
    let backdoor = install_backdoor(c);
    beacons(c, &backdoor);
}

fn wmi_provider(c: &mut Chronicle, host: &'static Host) -> Process {
    let system = Session::system(host);
    let image = "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe";
    c.running(&system, image, "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding")
}

fn move_to_registry(c: &mut Chronicle) {
    let time = at(c, "2022-09-03T22:20:00Z");
    let account = SVC_PORTAL.account;
    let what = "The web application's stolen account logs on to the registry server by NTLM.";
    let session = c.session(&SVC_PORTAL, &APP01).raised();
    c.step(deed("T1550.002", &APP01, account, what).from(&WEB01), |c| {
        c.logged_on(time, &session, 3, Origin::ntlm(&WEB01));
        c.ntlm_checked(after(time, 4), &DC01, account, &WEB01);
    });
    let what = "A command is run on the registry server through WMI.";
    c.step(deed("T1047", &APP01, account, what), |c| {
        let provider = wmi_provider(c, &APP01);
        let line = "cmd.exe /Q /c quser 1> \\\\127.0.0.1\\ADMIN$\\__1662244801.51 2>&1";
        c.start(after(time, 3_200), &session, &provider, Launch::of(CMD, line));
        let traffic = Traffic { service: "dce_rpc", millis: 900, sent: 5_100, received: 3_400 };
        let flow = c.flow(after(time, 2_900), WEB01.address, APP01.address, 49_672, traffic);
        c.called(&flow, "49672", "IWbemServices", "ExecMethod");
    });
}

fn roast(c: &mut Chronicle) {
    let time = at(c, "2022-09-14T21:05:00Z");
    let what = "Tickets with weak encryption are asked for four service accounts in a row.";
    c.step(deed("T1558.003", &DC01, SVC_PORTAL.account, what), |c| {
        let services = [&SVC_SQL, &SVC_BACKUP, &SVC_PRINT, &SVC_DEPLOY];
        for (index, service) in (0_i64..).zip(services) {
            let time = after(time, index * 1_730);
            c.service_ticket(time, &DC01, SVC_PORTAL.account, &APP01, service.account, "0x17");
        }
    });
}

fn install_backdoor(c: &mut Chronicle) -> Process {
    let time = at(c, "2022-10-08T20:31:00Z");
    let account = SVC_SQL.account;
    let session = c.session(&SVC_SQL, &APP01).raised();
    let provider = wmi_provider(c, &APP01);
    let cmd = c.running(&session, CMD, "cmd.exe /Q /c dir");
    let what = "A genuine program and a false library are put side by side.";
    c.step(deed("T1105", &APP01, account, what), |c| {
        c.file_created(time, &provider, BACKDOOR);
        c.file_created(after(time, 400), &provider, &format!("{BACKDOOR_FOLDER}\\version.dll"));
    });
    let what = "The false library's creation time is set back two years.";
    c.step(deed("T1070.006", &APP01, account, what), |c| {
        let file = format!("{BACKDOOR_FOLDER}\\version.dll");
        c.file_time_changed(after(time, 9_000), &cmd, &file, "2020-11-19 03:08:14.000");
    });
    let what = "A scheduled task starts the backdoor every morning.";
    c.step(deed("T1053.005", &APP01, account, what), |c| {
        let image = "C:\\Windows\\System32\\schtasks.exe";
        let line = format!(
            "schtasks  /create /f /ru SYSTEM /sc daily /st 07:40 /tn \"{}\" /tr \"{BACKDOOR}\"",
            &BACKDOOR_TASK[1..]
        );
        let time = after(time, 70_000);
        c.start(time, &session, &cmd, Launch::of(image, &line));
        c.task_registered(after(time, 310), &session, BACKDOOR_TASK, BACKDOOR, "");
    });
    let time = at(c, "2022-10-10T05:40:00Z");
    let what = "The genuine program loads the false library: the backdoor runs.";
    c.step(deed("T1574.002", &APP01, "SYSTEM", what), |c| {
        let system = Session::system(&APP01);
        let line = "C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule";
        let schedule = c.running(&system, "C:\\Windows\\System32\\svchost.exe", line);
        let program = c.start(time, &system, &schedule, Launch::of(BACKDOOR, BACKDOOR));
        let library = format!("{BACKDOOR_FOLDER}\\version.dll");
        c.library_loaded(after(time, 90), &program, &library, "");
        program
    })
}

/// The backdoor reports once or twice a month; to the logs it is one more cloud service.
fn beacons(c: &mut Chronicle, backdoor: &Process) {
    let first: Timestamp = "2022-10-10T05:52:00Z".parse().expect("a time");
    let what = "The backdoor reports over HTTPS, to a name like a cloud service's.";
    c.step(deed("T1071.001", &APP01, "SYSTEM", what), |c| {
        let mut time = first;
        let end: Timestamp = "2025-04-11T06:00:00Z".parse().expect("a time");
        let (silent, again) = SILENCE.map(|t| t.parse::<Timestamp>().expect("a time")).into();
        while time < end {
            if silent < time && time < again {
                time = again;
            }
            c.asked(after(time, -40), APP01.address, CONTROL.0, "A", CONTROL.1);
            c.connected(time, backdoor, CONTROL, 443);
            let (sent, received) = (c.random.between(1_100, 2_400), c.random.between(900, 5_000));
            let traffic = Traffic { service: "ssl", millis: 1_400, sent, received };
            let flow = c.flow(after(time, 20), APP01.address, CONTROL.1, 443, traffic);
            c.shook_hands(&flow, CONTROL.0, "ok");
            time = after(time, minutes(60 * 24 * 17) + c.random.millis(0, minutes(60 * 24 * 9)));
        }
    });
}
