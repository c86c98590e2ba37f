import assert from "node:assert/strict";
import { testIfAvailable } from "../support/requirements.ts";
import { inPlace, listTree, type Place, start, startWell } from "./built_probe.ts";

const GAVE_UP = /^error: Cannot unpack the runtime of ".*": no place can be used\n/;

async function assertPrivate(place: Place): Promise<void> {
  const [folder, ...rest] = await listTree(place.tmp);
  assert.match(folder ?? "", new RegExp(`^dlslurm-${Deno.uid()}-[0-9a-f]{16}$`));
  assert.equal(rest.length, 3);
  const { mode } = await Deno.stat(`${place.tmp}/${folder}`);
  assert.equal((mode ?? 0) & 0o777, 0o700);
}

const USELESS_HOMES = [
  { name: "unset", env: { HOME: undefined } },
  { name: "empty", env: { HOME: "" } },
  { name: "relative", env: { HOME: "home" } },
  { name: "below a file", env: { HOME: "/etc/passwd/home" } },
];
for (const { name, env } of USELESS_HOMES) {
  Deno.test(`built file: with HOME ${name} uses a private folder below TMPDIR`, () =>
    inPlace(async (place) => {
      const first = await startWell(place, { env });
      const second = await startWell(place, { env });

      assert.ok(first.runtime.startsWith(`${place.tmp}/`));
      assert.equal(second.runtime, first.runtime);
      await assertPrivate(place);
    }));
}

const MOUNTS = [
  { name: "read-only", options: "ro", left: [] },
  { name: "full", options: "size=20m", left: [] },
  { name: "mounted noexec", options: "noexec,size=200m", left: [] },
];
for (const { name, options } of MOUNTS) {
  testIfAvailable(
    ["mount"],
    `built file: with HOME ${name} uses a private folder`,
    () =>
      inPlace(async (place) => {
        const script = `mount -t tmpfs -o ${options} none "$HOME" && shift 0 &&
        "$0" && echo && "$0" && find "$HOME" -name 'tmp-*' -o -name unpacking`;

        const { code, stdout, stderr } = await start(place, {
          argv: ["/usr/bin/unshare", "--mount", "sh", "-c", script, place.file],
        });

        assert.equal(stderr, "");
        assert.equal(code, 0);
        const [first = "", second = "", ...left] = stdout.split("\n");
        assert.ok(JSON.parse(first).runtime.startsWith(`${place.tmp}/`));
        assert.equal(JSON.parse(second).runtime, JSON.parse(first).runtime);
        assert.deepEqual(left, []);
        await assertPrivate(place);
      }),
  );
}

Deno.test("built file: XDG_CACHE_HOME is used, and a relative one is not", () =>
  inPlace(async (place) => {
    const cache = `${place.root}/cache`;

    const absolute = await startWell(place, { env: { XDG_CACHE_HOME: cache } });
    const relative = await startWell(place, { env: { XDG_CACHE_HOME: "cache" } });

    assert.ok(absolute.runtime.startsWith(`${cache}/dlslurm/`));
    assert.ok(relative.runtime.startsWith(`${place.home}/.cache/dlslurm/`));
  }));

const FOREIGN = [
  { name: "a link", make: (path: string) => Deno.symlink("/", path) },
  { name: "a file", make: (path: string) => Deno.writeTextFile(path, "") },
  {
    name: "open to others",
    make: async (path: string) => {
      await Deno.mkdir(path);
      await Deno.chmod(path, 0o770);
    },
  },
];
for (const { name, make } of FOREIGN) {
  Deno.test(`built file: refuses a private folder that is ${name}`, () =>
    inPlace(async (place) => await assertRefused(place, make)));
}

testIfAvailable(
  ["root"],
  "built file: refuses a private folder of somebody else",
  () =>
    inPlace(async (place) =>
      await assertRefused(place, async (path) => {
        await Deno.mkdir(path, { mode: 0o700 });
        await Deno.chown(path, 12345, 12345);
      })
    ),
);

async function assertRefused(place: Place, make: (path: string) => Promise<void>) {
  const env = { HOME: undefined };
  await startWell(place, { env });
  const folder = `${place.tmp}/${(await listTree(place.tmp))[0]}`;
  await Deno.remove(folder, { recursive: true });
  await make(folder);

  const { code, stdout, stderr } = await start(place, { env });

  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, GAVE_UP);
  assert.ok(
    stderr.includes(`  ${folder}: it cannot be made, or is not a folder that only you can`),
  );
}

Deno.test("built file: names every place that it tried, and how to choose another", () =>
  inPlace(async (place) => {
    const env = { HOME: "/etc/passwd", TMPDIR: "/etc/hosts" };

    const { code, stderr } = await start(place, { env });

    assert.equal(code, 1);
    assert.match(stderr, GAVE_UP);
    assert.match(stderr, /^ {2}\/etc\/passwd\/\.cache\/dlslurm\/\w+: mkdir: .*Not a directory$/m);
    assert.match(stderr, /^ {2}\/etc\/hosts\/dlslurm-\d+-\w+: it cannot be made/m);
    assert.match(stderr, /^hint: export DLSLURM_CACHE_DIR=.*100\/MB/m);
  }));

Deno.test("built file: DLSLURM_CACHE_DIR is the only place when it is set", () =>
  inPlace(async (place) => {
    const chosen = `${place.root}/my cache`;

    const report = await startWell(place, { env: { DLSLURM_CACHE_DIR: chosen } });
    const refused = await start(place, { env: { DLSLURM_CACHE_DIR: "/etc/passwd/x" } });

    assert.ok(report.runtime.startsWith(`${chosen}/`));
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^ {2}\/etc\/passwd\/x\/\w+: mkdir: /m);
    assert.equal(refused.stderr.split("\n").length, 4);
    assert.deepEqual(await listTree(place.home), []);
  }));
