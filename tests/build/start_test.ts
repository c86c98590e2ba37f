import assert from "node:assert/strict";
import { BLOCK_SIZE } from "../../scripts/build/portable_file.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { environment, inPlace, listTree, PLAIN_PATH, start, startWell } from "./built_probe.ts";

const UNPACKED = /^\.cache\/dlslurm\/[0-9a-f]{16}\/(deno|dlslurm-[0-9a-f]{16}\.(js|txt))$/;

Deno.test("built file: starts alone with an empty home and unpacks once", () =>
  inPlace(async (place) => {
    const first = await startWell(place);
    const before = await Deno.stat(first.runtime);
    const second = await startWell(place);

    assert.match(first.sqlite, /^3\./);
    assert.equal(first.joined, "b");
    assert.ok(first.lateLength > 0);
    assert.equal(first.net, "prompt"); // not granted, and --no-prompt refuses
    assert.ok(first.runtime.startsWith(`${place.home}/.cache/dlslurm/`));
    assert.equal(second.runtime, first.runtime);
    assert.deepEqual((await Deno.stat(first.runtime)).mtime, before.mtime);
    const files = (await listTree(place.home)).filter((path) => path.split("/").length === 4);
    assert.equal(files.length, 3);
    for (const path of files) assert.match(path, UNPACKED);
    assert.deepEqual(await listTree(place.tmp), []);
  }));

Deno.test("built file: needs the C library, and takes the room, that the README says", () =>
  inPlace(async (place) => {
    const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

    const { runtime } = await startWell(place);

    // What the README says is measured where most clusters are.
    if (Deno.build.arch !== "x86_64") return;
    const program = new TextDecoder("latin1").decode(await Deno.readFile(runtime));
    // elf(5): the versions of symbols that are needed are strings, "GLIBC_2.27".
    const minors = [...program.matchAll(/GLIBC_2\.([0-9]+)/g)].map(([, minor]) => Number(minor));
    assert.ok(readme.includes(`glibc 2.${Math.max(...minors)} or newer`), String(minors));
    const files = (await listTree(place.home)).map((path) =>
      Deno.statSync(`${place.home}/${path}`)
    );
    const bytes = files.filter(({ isFile }) => isFile).reduce((sum, { size }) => sum + size, 0);
    assert.ok(readme.includes(`unpacks ${Math.round(bytes / 1e6)} MB`), String(bytes));
  }));

Deno.test("built file: what reads a whole history gets more room, and nothing else does", () =>
  inPlace(async (place) => {
    for (const [words, room] of [[["export"], 32], [["report", "x"], 32], [["list"], 4]] as const) {
      const { runtimeCommand, args } = await startWell(place, { argv: [place.file, ...words] });

      assert.deepEqual(args, words);
      // Of a flag that is given twice V8 takes the last.
      const [, last] = [...runtimeCommand.matchAll(/max-semi-space-size=([0-9]+)/g)].at(-1)!;
      assert.equal(Number(last), room, runtimeCommand);
    }
  }));

Deno.test("built file: hands over arguments, working directory and umask as they are", () =>
  inPlace(async (place) => {
    const args = ["a b", "", "-x", "--", "--version", 'it\'s\n"q" $HOME *', "ü"];
    await Deno.mkdir(`${place.root}/work here`);

    const report = await startWell(place, {
      argv: [place.file, ...args],
      cwd: `${place.root}/work here`,
    });

    assert.deepEqual(report.args, args);
    assert.equal(report.cwd, await Deno.realPath(`${place.root}/work here`));
    assert.equal(report.umask, Deno.umask());
  }));

Deno.test("built file: a child process gets the user's environment and nothing else", () =>
  inPlace(async (place) => {
    const env = {
      DENO_DIR: "/users/own",
      DENO_V8_FLAGS: "--no-such-flag",
      NODE_OPTIONS: "",
      OTEL_DENO: "true",
      LC_ALL: "C.UTF-8",
      BLANKS: "a  b\nc 'd' \"e\" $f `g`",
    };

    for (let start = 0; start < 2; start++) {
      const { childEnvironment } = await startWell(place, { env });

      const { PWD: _pwd, OLDPWD: _old, SHLVL: _level, _: _last, ...rest } = childEnvironment;
      assert.deepEqual(rest, environment(place, env));
    }
  }));

Deno.test("built file: knows its absolute path however it was called", () =>
  inPlace(async (place) => {
    const { root, file } = place;
    await Deno.symlink(file, `${root}/link to it`);
    const cases = [
      { argv: [file], expected: file },
      { argv: ["bin/dlslurm"], expected: `${root}/bin/dlslurm` },
      { argv: ["./bin/dlslurm"], expected: `${root}/./bin/dlslurm` },
      { argv: [`${root}/link to it`], expected: `${root}/link to it` },
      { argv: ["sh", "-c", "dlslurm"], expected: file },
      { argv: ["sh", "-c", "cd bin && sh dlslurm"], expected: file },
    ];
    for (const { argv, expected } of cases) {
      const report = await startWell(place, {
        argv: argv[0] === "sh" ? ["/bin/sh", ...argv.slice(1)] : ["/usr/bin/env", ...argv],
        env: { PATH: `${root}/bin:${PLAIN_PATH}` },
      });

      assert.equal(report.selfPath, expected);
      assert.ok((await Deno.stat(report.selfPath ?? "")).isFile);
    }
  }));

for (const shell of ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/busybox"]) {
  Deno.test(`built file: the start script runs in ${shell} where there is one`, async () => {
    if (await Deno.stat(shell).catch(() => undefined) === undefined) return;
    await inPlace(async (place) => {
      const argv = shell.endsWith("busybox") ? [shell, "sh", place.file] : [shell, place.file];

      const first = await startWell(place, { argv: [...argv, "a b"] });
      const second = await startWell(place, { argv: [...argv, "a b"] });

      assert.deepEqual([first.args, second.args], [["a b"], ["a b"]]);
      const left = (await listTree(place.home)).filter((path) => /tmp-|unpacking/.test(path));
      assert.deepEqual(left, []);
    });
  });
}

Deno.test("built file: configuration files around it change nothing", () =>
  inPlace(async (place) => {
    for (const folder of [place.root, place.home, `${place.root}/bin`]) {
      for (const name of ["deno.json", "package.json", "deno.lock", ".npmrc", ".env"]) {
        await Deno.writeTextFile(`${folder}/${name}`, "{ broken");
      }
    }

    await startWell(place);
  }));

Deno.test("built file: twenty first starts at once unpack without harm", () =>
  inPlace(async (place) => {
    const reports = await Promise.all(Array.from({ length: 20 }, () => startWell(place)));

    assert.equal(new Set(reports.map((report) => report.runtime)).size, 1);
    const files = (await listTree(place.home)).filter((path) => path.split("/").length > 3);
    assert.equal(files.length, 3);
  }));

Deno.test("built file: what a killed start left behind does no harm", () =>
  inPlace(async (place) => {
    const child = new Deno.Command(place.file, {
      clearEnv: true,
      env: environment(place, {}),
      stdin: "null",
      stdout: "null",
    }).spawn();
    await new Promise((resolve) => setTimeout(resolve, 150));
    child.kill("SIGKILL");
    await child.status;

    await startWell(place);
  }));

Deno.test("built file: goes on while a newer file takes its place", () =>
  inPlace(async (place) => {
    await startWell(place);
    const child = new Deno.Command(place.file, {
      clearEnv: true,
      env: environment(place, {}),
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    while (!(await Deno.readLink(`/proc/${child.pid}/exe`)).endsWith("/deno")) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Deno.writeTextFile(`${place.root}/newer`, "#!/bin/sh\nexit 7\n", { mode: 0o755 });
    await Deno.rename(`${place.root}/newer`, place.file);

    await child.stdin.close();
    const { code, stdout } = await child.output();

    assert.equal(code, 0);
    assert.match(new TextDecoder().decode(stdout), /childEnvironment/);
    assert.equal((await start(place)).code, 7);
  }));

for (const ending of ["deno", ".js", ".txt"]) {
  Deno.test(`built file: repairs a cached *${ending} that is cut off`, () =>
    inPlace(async (place) => {
      const { runtime } = await startWell(place);
      const folder = runtime.slice(0, runtime.lastIndexOf("/"));
      const damaged = `${folder}/${(await listTree(folder)).find((path) => path.endsWith(ending))}`;
      const { size } = await Deno.stat(damaged);
      await Deno.truncate(damaged, size - 1);

      await startWell(place);

      assert.equal((await Deno.stat(damaged)).size, size);
    }));
}

Deno.test("built file: says that it is cut off, and unpacks nothing", () =>
  inPlace(async (place) => {
    const { size } = await Deno.stat(place.file);
    await Deno.truncate(place.file, size - 1);

    const { code, stdout, stderr } = await start(place);

    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^error: Cannot start ".*dlslurm": the file is not whole.*\d+ bytes\nhint: /,
    );
    assert.deepEqual(await listTree(place.home), []);
  }));

Deno.test("built file: does nothing at all when it is cut off within its start script", () =>
  inPlace(async (place) => {
    const text = await Deno.readTextFile(place.file).then((all) => all.slice(0, BLOCK_SIZE));
    const script = text.trimEnd();
    for (const length of [script.length - 1, script.length - 3, 5000, 1000]) {
      await Deno.writeTextFile(place.file, script.slice(0, length));

      const { code, stdout } = await start(place);

      assert.notEqual(code, 0, `cut at ${length}`);
      assert.equal(stdout, "");
    }
    assert.deepEqual(await listTree(place.home), []);
  }));

testIfAvailable(
  ["mount"],
  "built file: a cache that somebody else filled may be read-only",
  () =>
    inPlace(async (place) => {
      const env = { DLSLURM_CACHE_DIR: `${place.root}/site cache` };
      await startWell(place, { env });
      const script =
        'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';

      const report = await startWell(place, {
        argv: [
          "/usr/bin/unshare",
          "--mount",
          "sh",
          "-c",
          script,
          "sh",
          env.DLSLURM_CACHE_DIR,
          place.file,
        ],
        env,
      });

      assert.ok(report.runtime.startsWith(`${place.root}/site cache/`));
      assert.deepEqual(await listTree(place.home), []);
    }),
);

Deno.test("built file: says it where the folder that one stands in is gone, and starts where it is hidden", () =>
  inPlace(async (place) => {
    await startWell(place);
    const script = 'mkdir gone && cd gone && rmdir ../gone && exec "$0"';
    const gone = await start(place, { argv: ["/bin/sh", "-c", script, place.file] });
    const odd = await startWell(place, {
      argv: ["/bin/sh", "-c", 'PWD=/nowhere exec "$0"', place.file],
    });

    assert.equal(gone.code, 1);
    assert.match(
      gone.stderr,
      /^error: Cannot start ".*": the current directory no longer exists/m,
    );
    assert.match(gone.stderr, /^hint: cd into/m);
    assert.equal(odd.cwd, await Deno.realPath(place.root));
  }));
