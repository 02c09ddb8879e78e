//! Names of system calls and of record types, from their numbers: `mapping/syscalls.tsv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::normalise::table::rows;

const TABLE: &str = include_str!("../../../../mapping/syscalls.tsv");

/// By number, in the order of the table's columns.
static CALLS: LazyLock<[HashMap<u32, &'static str>; 3]> = LazyLock::new(|| {
    let mut calls: [HashMap<u32, &'static str>; 3] = Default::default();
    for [name, numbers @ ..] in rows::<4>(TABLE, ["name", "x86_64", "i386", "generic"]) {
        for (calls, number) in calls.iter_mut().zip(numbers) {
            if let Ok(number) = number.parse() {
                calls.insert(number, name);
            }
        }
    }
    calls
});

/// The name of a system call on that processor (`linux/audit.h`: the machine of its ELF files, with
/// bits for 64 and for little-endian).
pub(super) fn call_name(arch: &str, number: u32) -> Option<&'static str> {
    let column = match arch {
        "c000003e" | "x86_64" => 0,
        "40000003" | "i386" => 1,
        "c00000b7" | "aarch64" | "c00000f3" | "riscv64" => 2,
        _ => return None,
    };
    CALLS[column].get(&number).copied()
}

/// The name of a record's type, where the kernel's own log writes a number.
pub(super) fn type_name(ty: &str) -> &str {
    match ty {
        "1100" => "USER_AUTH",
        "1105" => "USER_START",
        "1106" => "USER_END",
        "1112" => "USER_LOGIN",
        "1123" => "USER_CMD",
        "1130" => "SERVICE_START",
        "1131" => "SERVICE_STOP",
        "1300" => "SYSCALL",
        "1302" => "PATH",
        "1305" => "CONFIG_CHANGE",
        "1306" => "SOCKADDR",
        "1307" => "CWD",
        "1309" => "EXECVE",
        "1320" => "EOE",
        "1326" => "SECCOMP",
        "1327" => "PROCTITLE",
        "1400" => "AVC",
        "1701" => "ANOM_ABEND",
        other => other,
    }
}
