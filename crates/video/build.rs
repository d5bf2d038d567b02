//! Compiles the C beside the crate's sources, and links libvpx into it, statically.

use std::path::{Path, PathBuf};
use std::process::Command;

const HELP: &str = "libvpx is needed as a static library with its headers (libvpx.a and vpx/vpx_encoder.h). \
    On Debian and Ubuntu: sudo apt-get install libvpx-dev. On macOS: brew install libvpx. On Windows: vcpkg install \
    libvpx:x64-windows-static-md. Elsewhere build it with --enable-static --enable-pic, and name the folder that has \
    its include and lib in PARLEY_LIBVPX.";

fn main() {
    println!("cargo:rerun-if-changed=src/shim.c");
    println!("cargo:rerun-if-changed=src/memory.h");
    println!("cargo:rerun-if-env-changed=PARLEY_LIBVPX");
    let library = Library::find().unwrap_or_else(|problem| {
        eprintln!("{problem}\n{HELP}");
        std::process::exit(1);
    });
    let mut build = cc::Build::new();
    build.file("src/shim.c").includes(&library.include).warnings_into_errors(false);
    if let Err(error) = build.try_compile("parley_video_shim") {
        eprintln!("{error}\n{HELP}");
        std::process::exit(1);
    }
    // After the C, whose symbols it resolves.
    println!("cargo:rustc-link-search=native={}", library.folder.display());
    println!("cargo:rustc-link-lib=static={}", library.name);
}

/// Where libvpx is.
struct Library {
    include: Option<PathBuf>,
    folder: PathBuf,
    name: &'static str,
}

impl Library {
    /// In the folder that is named, else where pkg-config knows it, else where the compiler looks.
    fn find() -> Result<Self, String> {
        if let Some(prefix) = std::env::var_os("PARLEY_LIBVPX") {
            let prefix = PathBuf::from(prefix);
            return Self::at(Some(prefix.join("include")), prefix.join("lib"));
        }
        // What pkg-config says is about the machine that builds. Debian's says nothing of the folder of its architecture.
        let is_native = std::env::var("HOST") == std::env::var("TARGET");
        let known =
            ask_pkg_config().filter(|_| is_native).map(|(include, folder)| Self::at(Some(include), folder));
        if let Some(Ok(library)) = known {
            return Ok(library);
        }
        let folder = ask_compiler().ok_or("libvpx.a was not found.")?;
        Self::at(None, folder)
    }

    fn at(include: Option<PathBuf>, folder: PathBuf) -> Result<Self, String> {
        let is_msvc = std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|env| env == "msvc");
        let names: &[(&str, &str)] =
            if is_msvc { &[("vpxmd", "vpxmd.lib"), ("vpx", "vpx.lib")] } else { &[("vpx", "libvpx.a")] };
        let found = names.iter().find(|(_, file)| folder.join(file).exists());
        let Some((name, _)) = found else {
            return Err(format!("{} has no static libvpx.", folder.display()));
        };
        Ok(Self { include, folder, name })
    }
}

fn ask_pkg_config() -> Option<(PathBuf, PathBuf)> {
    let ask = |variable: &str| output(Command::new("pkg-config").args([variable, "vpx"])).map(PathBuf::from);
    Some((ask("--variable=includedir")?, ask("--variable=libdir")?))
}

fn ask_compiler() -> Option<PathBuf> {
    let compiler = cc::Build::new().try_get_compiler().ok()?;
    let file = output(compiler.to_command().arg("-print-file-name=libvpx.a"))?;
    // What it doesn't find it prints as it was.
    let folder = Path::new(&file).parent()?;
    folder.is_absolute().then(|| folder.to_owned())
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}
