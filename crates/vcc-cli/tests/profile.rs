//! Profiles: what a command takes from them, and what it says about them.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use common::{Folder, Service, TENANT, TOKEN, calls, page, run, vcc};

#[test]
fn a_profile_gives_service_tenant_and_token_and_is_warned_of_once() {
    let list = calls(3, 60);
    let service = Service::start(move |asked| page(&list, asked));
    let folder = Folder::new("profile");
    fs::create_dir(folder.join("vcc")).unwrap();
    let file = folder.join("vcc").join("profiles.toml");
    let text = format!(
        "[default]\nurl = {:?}\ntenant = {TENANT:?}\ntoken = {TOKEN:?}\nplain-http = true\ntz = \"UTC\"\n",
        service.url()
    );
    fs::write(&file, text).unwrap();
    for (mode, warnings) in [(0o600, 0), (0o644, 1)] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let mut command = vcc(&folder, service.url());
        for name in ["VCC_URL", "VCC_TENANT", "VCC_TOKEN", "VCC_PLAIN_HTTP"] {
            command.env_remove(name);
        }
        command.args(["list", "d=2007-12-18", "--columns", "startDate", "--no-header"]);
        let (code, stdout, stderr) = run(&mut command);
        assert_eq!(code, 0, "{stderr}");
        assert_eq!(stdout.lines().next(), Some("2007-12-18 00:00:00 +00:00"));
        assert_eq!(stderr.matches("others can read the tokens").count(), warnings, "{stderr}");
        assert!(!stdout.contains(TOKEN) && !stderr.contains(TOKEN));
    }
}
