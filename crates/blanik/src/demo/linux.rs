//! What Linux machines write: the audit log in auditd's enriched format, and `auth.log`.

use std::fmt::Write as _;

use blanik_model::Timestamp;

use super::chronicle::Chronicle;
use super::feeds::{Feed, syslog};
use super::network::Device;

/// Who acts on a Linux machine.
#[derive(Clone, Copy, Debug)]
pub struct Shell {
    /// Where.
    pub on: &'static Device,
    /// Who logged on: number and name. Services have none: `4294967295`, `unset`.
    pub login: (u32, &'static str),
    /// As whom they act.
    pub user: (u32, &'static str),
    /// The session's number.
    pub session: u32,
    /// The terminal, or `(none)`.
    pub tty: &'static str,
}

impl Shell {
    /// A service, which nobody logged on for.
    pub fn service(on: &'static Device, user: (u32, &'static str)) -> Self {
        Shell { on, login: (u32::MAX, "unset"), user, session: u32::MAX, tty: "(none)" }
    }

    /// The same as root.
    pub fn as_root(mut self) -> Self {
        self.user = (0, "root");
        self
    }
}

/// A system call to tell of.
struct Call<'a> {
    number: u32,
    name: &'a str,
    exe: &'a str,
    key: &'a str,
    /// Records of the event besides the first, without their heads.
    more: Vec<(&'static str, String)>,
}

impl Chronicle {
    /// A program was run: SYSCALL, EXECVE, CWD, PATH and PROCTITLE.
    pub fn ran(&mut self, time: Timestamp, who: Shell, exe: &str, arguments: &[&str], cwd: &str) {
        let mut execve = format!("argc={}", arguments.len());
        for (n, argument) in arguments.iter().enumerate() {
            let _ = write!(execve, " a{n}={}", encoded(argument));
        }
        let title: String = arguments.join("\0").bytes().map(|b| format!("{b:02X}")).collect();
        let path = format!(
            "item=0 name=\"{exe}\" inode=1443 dev=08:01 mode=0100755 ouid=0 ogid=0 nametype=NORMAL"
        );
        let more = vec![
            ("EXECVE", execve),
            ("CWD", format!("cwd=\"{cwd}\"")),
            ("PATH", path),
            ("PROCTITLE", format!("proctitle={title}")),
        ];
        self.audited(time, who, Call { number: 59, name: "execve", exe, key: "exec", more });
    }

    /// A file was made, in a folder that is watched under a key.
    pub fn made_file(&mut self, time: Timestamp, who: Shell, exe: &str, file: &str, key: &str) {
        let (folder, _) = file.rsplit_once('/').expect("paths are absolute");
        let path = |item, name: &str, kind| {
            format!(
                "item={item} name=\"{name}\" inode=2207 dev=08:01 mode=0100644 ouid=0 ogid=0 nametype={kind}"
            )
        };
        let more = vec![
            ("CWD", "cwd=\"/root\"".to_owned()),
            ("PATH", path(0, &format!("{folder}/"), "PARENT")),
            ("PATH", path(1, file, "CREATE")),
        ];
        self.audited(time, who, Call { number: 257, name: "openat", exe, key, more });
    }

    /// A program connected to somewhere.
    pub fn dialled(&mut self, time: Timestamp, who: Shell, exe: &str, to: &str, port: u16) {
        let octets = to.split('.').map(|octet| octet.parse::<u8>().expect("an IPv4 address"));
        let address: String = octets.map(|octet| format!("{octet:02X}")).collect();
        let more = vec![("SOCKADDR", format!("saddr=0200{port:04X}{address}0000000000000000"))];
        self.audited(time, who, Call { number: 42, name: "connect", exe, key: "net", more });
    }

    fn audited(&mut self, time: Timestamp, who: Shell, call: Call<'_>) {
        let (pid, parent) = (self.random.between(2_000, 60_000), self.random.between(600, 2_000));
        let comm = call.exe.rsplit('/').next().unwrap_or(call.exe);
        let (login, login_name) = who.login;
        let (user, user_name) = who.user;
        let first = format!(
            "arch=c000003e syscall={} success=yes exit=0 a0=55d0c3a1 a1=7ffc0b10 a2=0 a3=8 items={} ppid={parent} \
             pid={pid} auid={login} uid={user} gid={user} euid={user} suid={user} fsuid={user} egid={user} \
             sgid={user} fsgid={user} tty={} ses={} comm=\"{}\" exe=\"{}\" subj=unconfined \
             key=\"{}\"\u{1d}ARCH=x86_64 SYSCALL={} AUID=\"{login_name}\" UID=\"{user_name}\" \
             GID=\"{user_name}\" EUID=\"{user_name}\"",
            call.number,
            call.more.iter().filter(|(ty, _)| *ty == "PATH").count(),
            who.tty,
            who.session,
            &comm[..comm.len().min(15)],
            call.exe,
            call.key,
            call.name,
        );
        let device = who.on;
        self.line(time, device, Feed::Audit(device), |shown| {
            let head =
                |ty: &str| format!("node={} type={ty} msg=audit({}): ", device.name, id(shown));
            let mut text = head("SYSCALL") + &first;
            for (ty, rest) in &call.more {
                text += &format!("\n{}{rest}", head(ty));
            }
            text
        });
    }

    /// A line of `auth.log`.
    pub fn auth(&mut self, time: Timestamp, on: &'static Device, tag: &str, message: &str) {
        let tag = format!("{tag}[{}]", self.random.between(900, 60_000));
        self.line(time, on, Feed::Auth(on), |shown| syslog(shown, on.name, &tag, message));
    }

    /// Somebody came in by SSH with a key.
    pub fn came_by_ssh(&mut self, time: Timestamp, on: &'static Device, user: &str, from: &str) {
        let port = self.random.between(49_200, 65_000);
        let mut key = super::random::Random::stream(0, user);
        let key =
            key.letters(43, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        let text = format!(
            "Accepted publickey for {user} from {from} port {port} ssh2: ED25519 SHA256:{key}"
        );
        self.auth(time, on, "sshd", &text);
        let text =
            format!("pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)");
        self.auth(super::clock::after(time, 40), on, "sshd", &text);
    }

    /// Somebody ran something as root.
    pub fn used_sudo(&mut self, time: Timestamp, on: &'static Device, user: &str, command: &str) {
        let text = format!(
            "{user:>9} : TTY=pts/0 ; PWD=/srv/users/{user} ; USER=root ; COMMAND={command}"
        );
        self.line(time, on, Feed::Auth(on), |shown| syslog(shown, on.name, "sudo", &text));
    }
}

/// `1700000001.100:10`; the number grows with time.
fn id(time: Timestamp) -> String {
    let millis = time.as_nanos() / 1_000_000;
    format!("{}.{:03}:{}", millis / 1000, millis % 1000, (millis - 1_640_995_200_000) / 700)
}

/// As the kernel writes an argument: in quotes, or in hexadecimal where it holds blanks or quotes.
fn encoded(text: &str) -> String {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
    if plain { format!("\"{text}\"") } else { text.bytes().map(|b| format!("{b:02X}")).collect() }
}
