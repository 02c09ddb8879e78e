//! What programs say of themselves: the version resource and hashes that Sysmon reports.
//!
//! The hashes are invented: digits drawn from the program's name.

use super::random::Random;

/// A program's version resource.
#[derive(Debug)]
pub struct Program {
    /// The file's name today, in lower case.
    file: &'static str,
    /// The name that it was built with.
    pub original: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The product that it belongs to.
    pub product: &'static str,
    /// Who made it.
    pub company: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// A program that says nothing of itself.
pub static UNKNOWN: Program = program("", "-", "-", "-", "-", "-");

const fn program(
    file: &'static str,
    original: &'static str,
    description: &'static str,
    product: &'static str,
    company: &'static str,
    version: &'static str,
) -> Program {
    Program { file, original, description, product, company, version }
}

const fn windows(file: &'static str, original: &'static str, description: &'static str) -> Program {
    program(
        file,
        original,
        description,
        "Microsoft® Windows® Operating System",
        "Microsoft Corporation",
        "10.0.19041.1806 (WinBuild.160101.0800)",
    )
}

const fn office(file: &'static str, original: &'static str, description: &'static str) -> Program {
    let version = "16.0.14326.21186";
    program(file, original, description, "Microsoft Office", "Microsoft Corporation", version)
}

static PROGRAMS: &[Program] = &[
    windows("arp.exe", "arp.exe", "TCP/IP Arp Command"),
    windows("cmd.exe", "Cmd.Exe", "Windows Command Processor"),
    windows("conhost.exe", "CONHOST.EXE", "Console Window Host"),
    windows("curl.exe", "curl.exe", "The curl executable"),
    windows("explorer.exe", "EXPLORER.EXE", "Windows Explorer"),
    windows("hostname.exe", "hostname.exe", "Hostname APP"),
    windows("ipconfig.exe", "ipconfig.exe", "IP Configuration Utility"),
    windows("mmc.exe", "mmc.exe", "Microsoft Management Console"),
    windows("mshta.exe", "MSHTA.EXE", "Microsoft (R) HTML Application host"),
    windows("net.exe", "net.exe", "Net Command"),
    windows("net1.exe", "net1.exe", "Net Command"),
    windows("nltest.exe", "nltestrk.exe", "Microsoft® Logon Server Test Utility"),
    windows("notepad.exe", "NOTEPAD.EXE", "Notepad"),
    windows("ping.exe", "ping.exe", "TCP/IP Ping Command"),
    windows("powershell.exe", "PowerShell.EXE", "Windows PowerShell"),
    windows("quser.exe", "quser.exe", "Query User Utility"),
    windows("reg.exe", "reg.exe", "Registry Console Tool"),
    windows("robocopy.exe", "robocopy.exe", "Microsoft Robocopy"),
    windows("rundll32.exe", "RUNDLL32.EXE", "Windows host process (Rundll32)"),
    windows("schtasks.exe", "schtasks.exe", "Task Scheduler Configuration Tool"),
    windows("services.exe", "services.exe", "Services and Controller app"),
    windows("svchost.exe", "svchost.exe", "Host Process for Windows Services"),
    windows("systeminfo.exe", "sysinfo.exe", "Displays system information"),
    windows("taskhostw.exe", "taskhostw.exe", "Host Process for Windows Tasks"),
    windows("tasklist.exe", "tasklist.exe", "Lists the current running tasks"),
    windows("vssadmin.exe", "VSSADMIN.EXE", "Command Line Interface for Microsoft® VSS"),
    windows("wbadmin.exe", "WBADMIN.EXE", "Command Line Interface for Microsoft® BLB Backup"),
    windows("wevtutil.exe", "wevtutil.exe", "Eventing Command Line Utility"),
    windows("whoami.exe", "whoami.exe", "whoami - displays logged on user information"),
    windows("wmiprvse.exe", "Wmiprvse.exe", "WMI Provider Host"),
    windows("w3wp.exe", "w3wp.exe", "IIS Worker Process"),
    office("excel.exe", "Excel.exe", "Microsoft Excel"),
    office("outlook.exe", "Outlook.exe", "Microsoft Outlook"),
    office("powerpnt.exe", "POWERPNT.EXE", "Microsoft PowerPoint"),
    office("winword.exe", "WinWord.exe", "Microsoft Word"),
    program(
        "msedge.exe",
        "msedge.exe",
        "Microsoft Edge",
        "Microsoft Edge",
        "Microsoft Corporation",
        "113.0.1774.42",
    ),
    program(
        "acrord32.exe",
        "AcroRd32.exe",
        "Adobe Acrobat Reader DC",
        "Adobe Acrobat Reader DC",
        "Adobe Systems Incorporated",
        "22.1.20117.0",
    ),
    program(
        "firefox.exe",
        "firefox.exe",
        "Firefox",
        "Firefox",
        "Mozilla Corporation",
        "102.15.0.8630",
    ),
    program("7z.exe", "7z.exe", "7-Zip Console", "7-Zip", "Igor Pavlov", "22.01"),
    program("7zfm.exe", "7zFM.exe", "7-Zip File Manager", "7-Zip", "Igor Pavlov", "22.01"),
    program("rar.exe", "rar.exe", "Command line RAR", "WinRAR", "Alexander Roshal", "6.11.0"),
    program(
        "psexec64.exe",
        "psexec.c",
        "Execute processes remotely",
        "Sysinternals PsExec",
        "Sysinternals - www.sysinternals.com",
        "2.4",
    ),
    program(
        "procdump64.exe",
        "procdump",
        "Sysinternals process dump utility",
        "ProcDump",
        "Sysinternals - www.sysinternals.com",
        "11.0",
    ),
    program("rclone.exe", "rclone.exe", "Rsync for cloud storage", "Rclone", "-", "1.65.2"),
    program("ssh.exe", "ssh.exe", "OpenSSH for Windows", "OpenSSH for Windows", "-", "8.6.0p1"),
    program(
        "msmpeng.exe",
        "MsMpEng.exe",
        "Antimalware Service Executable",
        "Microsoft® Windows® Operating System",
        "Microsoft Corporation",
        "4.18.2304.8",
    ),
    program(
        "deployagent.exe",
        "DeployAgent.exe",
        "Software deployment agent",
        "Deployment Suite",
        "Exercise Deployment Ltd.",
        "7.2.1044.0",
    ),
    program(
        "scanupd.exe",
        "ScanUpd.exe",
        "Document scanner update service",
        "Scanner Utilities",
        "Exercise Imaging Corp.",
        "3.1.2207.0",
    ),
];

/// What a file of that name (or path) says of itself.
pub fn of(path: &str) -> &'static Program {
    let name = path.rsplit('\\').next().unwrap_or(path).to_ascii_lowercase();
    PROGRAMS.iter().find(|program| program.file == name).unwrap_or(&UNKNOWN)
}

/// Sysmon's `Hashes` of what is known under that name.
pub fn hashes(name: &str) -> String {
    let mut digits = Random::stream(0, &name.to_ascii_lowercase());
    let mut hex = |count| digits.hex(count).to_ascii_uppercase();
    format!("MD5={},SHA256={},IMPHASH={}", hex(32), hex(64), hex(32))
}
