//! The scanner for AWS SDKs, on small trees of every language and on hostile ones.

use crate::needs;
use irsa_probe::probe::collect::sdks::{Limits, scan};
use irsa_probe::probe::evidence::{SdkKind, SdkScan};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

fn tree(files: &[(&str, &[u8])]) -> TempDir {
    let root = TempDir::new().expect("a directory");
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, content).expect("a file");
    }
    root
}

fn run(root: &Path) -> SdkScan {
    scan(root, None, &Limits::default()).expect("a scan")
}

fn found(scan: &SdkScan) -> Vec<(SdkKind, &str, &str)> {
    let mut rows: Vec<_> =
        scan.sdks.iter().map(|sdk| (sdk.kind, sdk.version.as_deref().unwrap_or_default(), sdk.path.as_str())).collect();
    rows.sort();
    rows
}

/// A jar with these entries, packed.
fn jar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut jar = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut jar);
    for (name, content) in entries {
        let file = archive.new_file(*name).compression_method(rawzip::CompressionMethod::DEFLATE);
        let (mut entry, config) = file.start().expect("an entry");
        let packed = miniz_oxide::deflate::compress_to_vec(content, 6);
        let mut packed_writer = config.wrap(Packed { entry: &mut entry, packed });
        std::io::Write::write_all(&mut packed_writer, content).expect("content");
        let (_, descriptor) = packed_writer.finish().expect("a descriptor");
        entry.finish(descriptor).expect("the entry's end");
    }
    archive.finish().expect("the archive's end");
    jar
}

/// Stands where rawzip wants a compressor: writes what was packed before, once, whatever it is fed.
struct Packed<W> {
    entry: W,
    packed: Vec<u8>,
}

impl<W: std::io::Write> std::io::Write for Packed<W> {
    fn write(&mut self, fed: &[u8]) -> std::io::Result<usize> {
        self.entry.write_all(&std::mem::take(&mut self.packed))?;
        Ok(fed.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.entry.flush()
    }
}

#[test]
fn each_language_is_found_where_its_package_manager_puts_it() {
    let root = tree(&[
        ("usr/lib/python3/dist-packages/boto3-1.9.219.egg-info/PKG-INFO", b""),
        ("app/venv/lib/python3.12/site-packages/botocore-1.34.41.dist-info/METADATA", b""),
        ("usr/local/aws-cli/v2/2.15.30/dist/aws", b""),
        ("app/node_modules/aws-sdk/package.json", br#"{"name":"aws-sdk","version":"2.524.0"}"#),
        ("app/node_modules/@aws-sdk/credential-provider-node/package.json", br#"{"version":"3.14.0"}"#),
        ("usr/lib/ruby/gems/3.1.0/specifications/aws-sdk-core-3.57.0.gemspec", b""),
        (
            "var/www/vendor/composer/installed.json",
            br#"{"packages":[{"name":"aws/aws-sdk-php","version":"v3.110.6"}]}"#,
        ),
        (
            "var/old/vendor/composer/installed.json",
            br#"[{"name":"a/b","version":"1"},{"name":"aws/aws-sdk-php","version":"3.112.0"}]"#,
        ),
        ("srv/Shop.deps.json", br#"{"libraries":{"AWSSDK.Core/3.3.104.13":{},"Shop/1.0.0":{}}}"#),
        ("usr/lib/libaws-cpp-sdk-core.so", b"\x7fELF\x00\x001.7.173\x00AWS\x00"),
    ]);
    let scan = run(root.path());
    assert_eq!(scan.cut_short, None);
    assert_eq!(
        found(&scan),
        [
            (SdkKind::Boto3, "1.9.219", "/usr/lib/python3/dist-packages/boto3-1.9.219.egg-info"),
            (SdkKind::Botocore, "1.34.41", "/app/venv/lib/python3.12/site-packages/botocore-1.34.41.dist-info"),
            (SdkKind::Cli, "2.15.30", "/usr/local/aws-cli/v2/2.15.30"),
            (SdkKind::JavaScriptV2, "2.524.0", "/app/node_modules/aws-sdk/package.json"),
            (SdkKind::JavaScriptV3, "3.14.0", "/app/node_modules/@aws-sdk/credential-provider-node/package.json"),
            (SdkKind::Ruby, "3.57.0", "/usr/lib/ruby/gems/3.1.0/specifications/aws-sdk-core-3.57.0.gemspec"),
            (SdkKind::Php, "3.110.6", "/var/www/vendor/composer/installed.json"),
            (SdkKind::Php, "3.112.0", "/var/old/vendor/composer/installed.json"),
            (SdkKind::DotNet, "3.3.104.13", "/srv/Shop.deps.json"),
            (SdkKind::Cpp, "1.7.173", "/usr/lib/libaws-cpp-sdk-core.so"),
        ]
    );
    let dot_net = scan.sdks.iter().find(|sdk| sdk.kind == SdkKind::DotNet).expect("AWSSDK.Core");
    assert_eq!(dot_net.has_sts_module, Some(false), "AWSSDK.SecurityToken is not there");
}

#[test]
fn java_is_found_loose_nested_and_shaded() {
    let class = b"\xca\xfe\xba\xbe\x00\x00\x00\x34\x01\x00\x072.10.10\x01\x00\x0bSDK_VERSION".as_slice();
    let boot = jar(&[("BOOT-INF/lib/aws-core-2.20.1.jar", b"x"), ("BOOT-INF/lib/sts-2.20.1.jar", b"x")]);
    let shaded_v1 = jar(&[
        ("com/amazonaws/sdk/versionInfo.properties", b"platform=java\nversion=1.11.703\n"),
        ("com/amazonaws/services/securitytoken/AWSSecurityTokenService.class", b"x"),
    ]);
    for (file, content, kind, version, path, has_sts) in [
        ("app/lib/aws-core-2.10.10.jar", vec![], SdkKind::JavaV2, "2.10.10", "/app/lib/aws-core-2.10.10.jar", false),
        ("app/app.jar", boot, SdkKind::JavaV2, "2.20.1", "/app/app.jar!/BOOT-INF/lib/aws-core-2.20.1.jar", true),
        (
            "app/shaded.jar",
            jar(&[("software/amazon/awssdk/core/util/VersionInfo.class", class)]),
            SdkKind::JavaV2,
            "2.10.10",
            "/app/shaded.jar",
            false,
        ),
        ("opt/fat.war", shaded_v1, SdkKind::JavaV1, "1.11.703", "/opt/fat.war", true),
    ] {
        let root = tree(&[(file, &content)]);
        let scan = run(root.path());
        assert_eq!(found(&scan), [(kind, version, path)]);
        assert_eq!(scan.sdks[0].has_sts_module, Some(has_sts), "{file}");
    }
}

#[test]
fn a_go_program_names_its_modules_and_a_rust_one_its_sources() {
    let go = [
        vec![0; 300_000],
        b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6".to_vec(),
        b"path\tx\nmod\tx\t(devel)\t\ndep\tgithub.com/aws/aws-sdk-go\tv1.23.12\th1:x=\n".to_vec(),
        b"dep\tgithub.com/aws/aws-sdk-go-v2/config\tv1.0.0\n=>\texample.com/fork\tv1.25.0\th1:y=\n".to_vec(),
        b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2".to_vec(),
        b"/usr/local/cargo/registry/src/x/aws-config-1.1.7/src/ecs.rs".to_vec(),
    ]
    .concat();
    let root = tree(&[("program", &go)]);
    let scan = scan(root.path(), Some(&root.path().join("program")), &Limits::default()).expect("a scan");
    assert_eq!(
        found(&scan),
        [
            (SdkKind::GoV1, "1.23.12", "its program"),
            (SdkKind::GoV2, "1.25.0", "its program"),
            (SdkKind::Rust, "1.1.7", "its program")
        ]
    );
}

#[test]
fn a_go_program_without_modules_names_its_functions_and_no_other_program_does() {
    let (v1, v2) = ("github.com/aws/aws-sdk-go/aws/session.NewSession", "x/aws-sdk-go-v2/config.LoadDefaultConfig");
    let build = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6path\tx\nbuild\t-compiler=gc\n\
                  \xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
    let go = [v1.as_bytes(), v2.as_bytes(), build].concat();
    let root = tree(&[("go", &go), ("other", v1.as_bytes())]);
    let run = |program: &str| scan(root.path(), Some(&root.path().join(program)), &Limits::default()).expect("a scan");
    assert_eq!(found(&run("go")), [(SdkKind::GoV1, "", "its program")]);
    assert_eq!(run("other").sdks, []);
}

#[test]
fn a_real_go_program_is_known_by_its_functions() {
    let program = Path::new("/usr/bin/prometheus");
    if !needs::have(program.exists(), "a program of Go (Debian: apt-get install prometheus)") {
        return;
    }
    let root = TempDir::new().expect("a directory");
    let unbounded = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let scan = scan(root.path(), Some(program), &unbounded).expect("a scan");
    // Stripped, and built without modules, so of a version that it does not tell; later ones have the other SDK too.
    let rows = found(&scan);
    assert!(rows.iter().any(|(kind, ..)| matches!(kind, SdkKind::GoV1 | SdkKind::GoV2)), "{rows:?}");
    assert_eq!(scan.cut_short, None);
}

#[test]
fn a_real_rust_program_is_known_by_its_sources() {
    let root = TempDir::new().expect("a directory");
    let unbounded = Limits { time: Duration::from_secs(60), ..Limits::default() };
    let scan = scan(root.path(), Some(Path::new(env!("CARGO_BIN_EXE_irsa-probe"))), &unbounded).expect("a scan");
    let [(SdkKind::Rust, version, "its program")] = found(&scan)[..] else { panic!("{:?}", scan.sdks) };
    assert!(version.starts_with("1."), "{version}");
}

#[test]
fn the_list_of_cargo_auditable_is_read_out_of_its_section() {
    let list = br#"{"packages":[{"name":"aws-config","version":"0.55.3","source":"crates.io"}]}"#;
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(list, 6);
    let names = b"\0.shstrtab\0.dep-v0\0";
    let section = |name: u32, offset: usize, size: usize| {
        let mut section = vec![0; 64];
        section[..4].copy_from_slice(&name.to_le_bytes());
        section[24..32].copy_from_slice(&(offset as u64).to_le_bytes());
        section[32..40].copy_from_slice(&(size as u64).to_le_bytes());
        section
    };
    let (names_at, list_at) = (64, 64 + names.len());
    let table_at = list_at + packed.len();
    let mut header = b"\x7fELF\x02\x01\x01".to_vec();
    header.resize(64, 0);
    header[40..48].copy_from_slice(&(table_at as u64).to_le_bytes());
    header[60] = 3;
    header[62] = 1;
    let elf = [
        header,
        names.to_vec(),
        packed.clone(),
        section(0, 0, 0),
        section(1, names_at, names.len()),
        section(11, list_at, packed.len()),
    ]
    .concat();
    let root = tree(&[("program", &elf)]);
    let scan = scan(root.path(), Some(&root.path().join("program")), &Limits::default()).expect("a scan");
    assert_eq!(found(&scan), [(SdkKind::Rust, "0.55.3", "its program")]);
}

#[test]
fn links_are_not_followed_and_nothing_hangs_or_escapes() {
    let outside = tree(&[("boto3-1.9.1.dist-info/METADATA", b"")]);
    let root = tree(&[("app/boto3-1.10.0.dist-info/METADATA", b""), ("proc/boto3-1.0.0.dist-info/x", b"")]);
    let app = root.path().join("app");
    symlink(outside.path(), app.join("out")).expect("a link out");
    symlink(".", app.join("loop")).expect("a loop");
    symlink("/etc/passwd", app.join("app.jar")).expect("a link to a file outside");
    nix::unistd::mkfifo(&app.join("fifo.jar"), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    nix::unistd::mkfifo(&app.join("x.deps.json"), nix::sys::stat::Mode::S_IRWXU).expect("a fifo");
    fs::create_dir(app.join(OsStr::from_bytes(b"not\xffutf8\x1b[31m"))).expect("a directory");
    let odd = app.join(OsStr::from_bytes(b"red\x1b[31m")).join("boto3-1.11.0.dist-info");
    fs::create_dir_all(&odd).expect("a directory");
    let big = fs::File::create(app.join("big.jar")).expect("a file");
    big.set_len(10 << 30).expect("a sparse file");

    let scan = run(root.path());
    assert_eq!(
        found(&scan),
        [
            (SdkKind::Boto3, "1.10.0", "/app/boto3-1.10.0.dist-info"),
            (SdkKind::Boto3, "1.11.0", "/app/red\u{fffd}[31m/boto3-1.11.0.dist-info"),
        ]
    );
    assert_eq!(scan.cut_short, None);
}

#[test]
fn each_limit_ends_the_search_and_is_reported() {
    let many: Vec<String> = (0..300).map(|n| format!("data/file-{n}")).collect();
    let mut files: Vec<(&str, &[u8])> = many.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
    files.push(("app/aws-core-2.10.10.jar", b""));
    let root = tree(&files);

    let few = Limits { entries: 100, ..Limits::default() };
    let cut = scan(root.path(), None, &few).expect("a scan");
    assert_eq!((cut.entries, cut.cut_short), (100, Some("there are too many files")));
    assert_eq!(cut.sdks[0].has_sts_module, None, "the module may lie where nobody looked");

    let no_time = Limits { time: Duration::ZERO, ..Limits::default() };
    assert_eq!(scan(root.path(), None, &no_time).expect("a scan").cut_short, Some("it took too long"));

    let sparse = root.path().join("program");
    fs::File::create(&sparse).and_then(|file| file.set_len(10 << 30)).expect("a sparse file");
    let large = scan(root.path(), Some(&sparse), &Limits::default()).expect("a scan");
    assert_eq!(large.cut_short, Some("a file is too large"));

    let skip = Limits { skip: vec![b"/app".to_vec()], ..Limits::default() };
    assert_eq!(scan(root.path(), None, &skip).expect("a scan").sdks, []);
}

#[test]
fn nesting_is_bounded() {
    let root = TempDir::new().expect("a directory");
    let mut deep = root.path().to_owned();
    for _ in 0..60 {
        deep.push("d");
    }
    fs::create_dir_all(deep.join("boto3-1.0.0.dist-info")).expect("directories");
    let scan = run(root.path());
    assert_eq!((scan.sdks.len(), scan.cut_short), (0, Some("directories are nested too deeply")));
}

#[test]
fn hostile_archives_and_manifests_find_nothing() {
    let good = jar(&[("BOOT-INF/lib/aws-core-2.20.1.jar", b"x")]);
    for cut in 0..good.len() {
        let root = tree(&[("a.jar", &good[..cut])]);
        assert_eq!(run(root.path()).sdks, [], "cut at {cut}");
    }
    let bomb = miniz_oxide::deflate::compress_to_vec(&vec![b'1'; 64 << 20], 9);
    let root = tree(&[
        ("a.jar", &bomb),
        ("b.jar", &jar(&[("com/amazonaws/sdk/versionInfo.properties", &vec![b'v'; 32 << 20])])),
        ("node_modules/aws-sdk/package.json", b"{\"version\": 7}"),
        ("composer/installed.json", b"[[[["),
        ("x.deps.json", b"{\"libraries\": []}"),
    ]);
    let scan = run(root.path());
    assert_eq!(found(&scan), [(SdkKind::JavaV1, "", "/b.jar")], "there, of a version that nobody can tell");
}
