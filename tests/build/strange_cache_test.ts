import assert from "node:assert/strict";
import { dirname } from "node:path";
import { testIfAvailable } from "../support/requirements.ts";
import { inPlace, listTree, start, startWell } from "./built_probe.ts";
import type { Place, StartOptions } from "./built_probe.ts";

const GAVE_UP = /^error: Cannot unpack the runtime of .*: no place can be used\n/;

/** Makes a folder that everybody may write to, as /tmp is; without `isSticky` also take things away. */
async function makeOpen(path: string, isSticky: boolean): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
  await Deno.chmod(path, isSticky ? 0o1777 : 0o777);
}

/** The same start by another user, who may look at everything in the place. */
async function startAs(user: number, place: Place, env: StartOptions["env"] = {}) {
  await Deno.chmod(place.root, 0o755);
  const home = `${place.root}/home ${user}`;
  await Deno.mkdir(home, { recursive: true });
  await Deno.chown(home, user, user);
  const who = ["--reuid", String(user), "--regid", String(user), "--clear-groups"];
  return await start(place, {
    argv: ["/usr/bin/setpriv", ...who, place.file],
    env: { HOME: home, ...env },
  });
}

function runtimeOf({ code, stdout, stderr }: Awaited<ReturnType<typeof startAs>>): string {
  assert.equal(stderr, "");
  assert.equal(code, 0);
  return JSON.parse(stdout).runtime;
}

testIfAvailable(
  ["root"],
  "built file: runs nothing that another user has prepared",
  () =>
    inPlace(async (place) => {
      const open = `${place.root}/open`;
      await makeOpen(open, true);
      await Deno.chmod(place.tmp, 0o1777);
      const env = { XDG_CACHE_HOME: `${open}/cache` };
      const theirs = runtimeOf(await startAs(4001, place, env));
      assert(theirs.startsWith(`${open}/cache/`));
      await Deno.chmod(`${open}/cache`, 0o755);
      await Deno.chmod(`${open}/cache/dlslurm`, 0o755);
      await Deno.chmod(dirname(theirs), 0o755);
      for (const name of await listTree(dirname(theirs))) {
        await Deno.chmod(`${dirname(theirs)}/${name}`, 0o755);
      }

      const first = runtimeOf(await startAs(4002, place, env));
      const second = runtimeOf(await startAs(4002, place, env));

      assert(first.startsWith(`${place.tmp}/dlslurm-4002-`), first);
      assert.equal(second, first);
      // Neither root, whoever prepared it.
      assert(runtimeOf(await startAs(0, place, env)).startsWith(`${place.tmp}/dlslurm-0-`));
      const chosen = await startAs(4002, place, { DLSLURM_CACHE_DIR: `${open}/cache/dlslurm` });
      assert.equal(chosen.code, 1);
      assert.match(chosen.stderr, GAVE_UP);
      assert.match(chosen.stderr, /: user 4001 owns .*\/open\/cache$/m);
      assert.equal(runtimeOf(await startAs(4001, place, env)), theirs);
    }),
);

testIfAvailable(
  ["root"],
  "built file: runs what root has unpacked for all",
  () =>
    inPlace(async (place) => {
      const env = { DLSLURM_CACHE_DIR: `${place.root}/shared` };
      const ours = runtimeOf(await startAs(0, place, env));
      for (const path of ["", ...await listTree(`${place.root}/shared`)]) {
        await Deno.chmod(`${place.root}/shared/${path}`, 0o755);
      }

      assert.equal(runtimeOf(await startAs(4001, place, env)), ours);
    }),
);

testIfAvailable(
  ["root"],
  "built file: runs what the owner of the file has unpacked for all",
  () =>
    inPlace(async (place) => {
      const env = { DLSLURM_CACHE_DIR: `${place.root}/shared` };
      await Deno.mkdir(`${place.root}/shared`);
      await Deno.chown(`${place.root}/shared`, 4001, 4001);
      await Deno.chown(place.file, 4001, 4001);
      const ours = runtimeOf(await startAs(4001, place, env));
      for (const path of ["", ...await listTree(`${place.root}/shared`)]) {
        await Deno.chmod(`${place.root}/shared/${path}`, 0o755);
      }

      assert.equal(runtimeOf(await startAs(4002, place, env)), ours);
      await Deno.chown(place.file, 4003, 4003);
      assert.equal((await startAs(4002, place, env)).code, 1);
    }),
);

/** What lets others change what is run; paths below a cache that is in use. */
const OPENED: readonly { name: string; open: (cache: string, folder: string) => Promise<void> }[] =
  [
    { name: "its folder can be written to", open: (_, folder) => Deno.chmod(folder, 0o777) },
    { name: "its folder is sticky", open: (_, folder) => Deno.chmod(folder, 0o1777) },
    { name: "the folder above it can be written to", open: (cache) => Deno.chmod(cache, 0o777) },
  ];

for (const { name, open } of OPENED) {
  Deno.test(`built file: does not run it where ${name} by everybody`, () =>
    inPlace(async (place) => {
      const { runtime } = await startWell(place);
      await open(`${place.home}/.cache`, dirname(runtime));

      const elsewhere = await startWell(place);

      assert(elsewhere.runtime.startsWith(`${place.tmp}/`), elsewhere.runtime);
      assert.equal((await startWell(place)).runtime, elsewhere.runtime);
    }));
}

Deno.test("built file: unpacks anew what everybody could have written to", () =>
  inPlace(async (place) => {
    const { runtime } = await startWell(place);
    const before = await Deno.stat(runtime);
    await Deno.chmod(runtime, 0o777);

    assert.equal((await startWell(place)).runtime, runtime);

    const after = await Deno.stat(runtime);
    assert.equal(after.mode! & 0o777, 0o700);
    assert.notEqual(after.ino, before.ino);
  }));

Deno.test("built file: what a group of others can write to is not run", async () => {
  await inPlace(async (place) => {
    const { runtime } = await startWell(place);
    // Nobody's own group: its number has no name, or not the user's.
    const group = Deno.uid() === 0 ? 12345 : Deno.gid()!;
    await Deno.chown(`${place.home}/.cache`, null, group);
    await Deno.chmod(`${place.home}/.cache`, 0o775);

    const elsewhere = await startWell(place);

    const isOwnGroup = Deno.uid() !== 0 && elsewhere.runtime === runtime;
    assert(isOwnGroup || elsewhere.runtime.startsWith(`${place.tmp}/`), elsewhere.runtime);
  });
});

testIfAvailable(
  ["root"],
  "built file: what the user's own group can write to is run",
  () =>
    inPlace(async (place) => {
      const { runtime } = await startWell(place);
      await Deno.chmod(`${place.home}/.cache`, 0o775);

      assert.equal((await startWell(place)).runtime, runtime);
    }),
);

Deno.test("built file: a link into a folder that everybody may write to is seen through", () =>
  inPlace(async (place) => {
    await makeOpen(`${place.root}/open`, false);
    await Deno.mkdir(`${place.root}/open/mine`, { mode: 0o700 });
    await Deno.symlink(`${place.root}/open/mine`, `${place.home}/.cache`);

    const { runtime } = await startWell(place);

    assert(runtime.startsWith(`${place.tmp}/`), runtime);
  }));

Deno.test("built file: says why, where no place is safe, and leaves nothing to be run", () =>
  inPlace(async (place) => {
    await makeOpen(place.home, false);
    await makeOpen(place.tmp, false);

    const { code, stdout, stderr } = await start(place);

    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, GAVE_UP);
    assert.match(stderr, /\.cache\/dlslurm\/\w+: everybody may write to .*\/home$/m);
    assert.match(stderr, /\/dlslurm-\d+-\w+: everybody may write to .*\/tmp$/m);
    const files = [...await listTree(place.home), ...await listTree(place.tmp)];
    assert(!files.some((path) => /deno|\.js$/.test(path)), files.join("\n"));
  }));
