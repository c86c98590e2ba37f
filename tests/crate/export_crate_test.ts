import assert from "node:assert/strict";
import { unzipSync } from "fflate";
import { EngineWorld, saidBy } from "../engine/engine_world.ts";
import { killCallerOf, mend } from "../engine/kill_caller.ts";
import { createNested, gitIn, runNestedJob } from "../engine/subdatasets.ts";
import { createAnalysis, repeatStep } from "../provenance/analysis.ts";
import { testIfAvailable } from "../support/requirements.ts";
import { pathWithout, wrapProgram } from "../support/wrapped_programs.ts";
import { importRuns } from "./import_runs.ts";
import { findBroken } from "./profile_rules.ts";
import { actionsIn, entity, idsIn, readCrate } from "./read_crate.ts";
import type { ReadCrate } from "./read_crate.ts";
import { annexed, createRichHistory } from "./rich_history.ts";

/** Exports what `revisions` says, into a folder unless the name says otherwise, and reads it back. */
async function exported(
  world: EngineWorld,
  name = "crate",
  ...args: readonly string[]
): Promise<ReadCrate> {
  await world.must("export", "--ro-crate", `../${name}`, ...args);
  const crate = await readCrate(`${world.sandbox.root}/${name}`);
  assert.deepEqual(findBroken(crate).filter((broken) => !/has an end in ISO/.test(broken)), []);
  return crate;
}

/** What lies beside the dataset, without what the sandbox has there. */
async function besides(world: EngineWorld): Promise<string[]> {
  const names = (await Array.fromAsync(Deno.readDir(world.sandbox.root))).map(({ name }) => name);
  return names.filter((name) => name.includes("crate")).sort();
}

Deno.test("e2e: export of an analysis → what one job wrote is what the next one read", async () => {
  await using world = await createAnalysis();

  const crate = await exported(world);

  const [clean, fit, draw] = actionsIn(crate);
  assert.deepEqual(idsIn(clean!["object"]), ["raw/obs.txt"]);
  assert.deepEqual(idsIn(clean!["result"]), [
    "clean/obs.txt",
    "log-1",
    "slurm-job-1.env.json",
  ]);
  assert.deepEqual(idsIn(fit!["object"]), ["clean/obs.txt"]);
  assert.deepEqual(idsIn(draw!["object"]).sort(), ["clean/obs.txt", "fit/n.txt"]);
  assert.deepEqual(idsIn(draw!["instrument"]), ["job.sh"]);
  const blob = (await world.git("rev-parse", "HEAD:job.sh")).trim();
  assert.equal(entity(crate, "job.sh")["version"], blob);
  const figure = entity(crate, "fig.txt");
  assert.deepEqual([figure["name"], figure["contentSize"]], ["fig.txt", "7"]);
  const root = `${world.sandbox.root}/crate`;
  assert.equal(await Deno.readTextFile(`${root}/fig.txt`), "3 of 3\n");
  assert.equal(await Deno.readTextFile(`${root}/log-2`), "job 2\n");
});

Deno.test("e2e: export as .zip and as .json → the same description; the archive holds the files", async () => {
  await using world = await createAnalysis();
  const { graph, files } = await exported(world);
  await world.must("export", "--ro-crate", "../crate.zip");
  const { root } = world.sandbox;
  const packed = unzipSync(await Deno.readFile(`${root}/crate.zip`));

  const document = await exported(world, "crate.json");

  const undated = (each: object) => ({ ...each, datePublished: "" });
  const metadata = "ro-crate-metadata.json";
  const text = (name: string) => new TextDecoder().decode(packed[name]);
  assert.deepEqual(Object.keys(packed).sort(), files);
  assert.deepEqual(JSON.parse(text(metadata))["@graph"].map(undated), graph.map(undated));
  assert.equal(text("fit/n.txt"), "3\n");
  assert.equal(document.graph.length, graph.length);
  assert.equal(document.graph[1]!["hasPart"], undefined);
});

Deno.test("e2e: export of a repetition that wrote the same again → the same results, and its own log", async () => {
  await using world = await createAnalysis();
  await repeatStep(world, "2", { "fit/n.txt": "3\n", "fit/when.txt": "at 11:00\n" });

  const crate = await exported(world);

  assert.deepEqual(idsIn(actionsIn(crate).at(-1)!["result"]).sort(), [
    "fit/n.txt",
    "fit/when.txt",
    "log-4",
    "slurm-job-4.env.json",
  ]);
  const before = idsIn(actionsIn(crate)[1]!["result"]).find((id) => id.endsWith("fit/when.txt"))!;
  assert.match(before, /^versions\/[0-9a-f]{12}\/fit\/when\.txt$/);
  assert.equal(entity(crate, before)["alternateName"], "fit/when.txt");
  const kept = await Deno.readTextFile(`${world.sandbox.root}/crate/${before}`);
  assert.equal(kept, "at 10:00\n");
});

Deno.test("e2e: export of a retried job → its attempt is an action that failed, without results", async () => {
  await using world = await EngineWorld.create();
  await world.schedule("out");
  await world.slurm.setRows("1", "1|TIMEOUT");
  await world.must("retry", "1", "--", "--time=2:00:00");
  await world.write("out/result.txt", "x\n");
  await world.must("finish");

  const [attempt, job] = actionsIn(await exported(world));

  assert.equal(attempt!["actionStatus"]["@id"], "http://schema.org/FailedActionStatus");
  assert.match(attempt!["error"], /^TIMEOUT/);
  assert.equal(attempt!["identifier"], "1");
  assert.equal(attempt!["result"], undefined);
  assert.deepEqual(attempt!["instrument"], job!["instrument"]);
  assert.equal(job!["actionStatus"]["@id"], "http://schema.org/CompletedActionStatus");
  assert.equal(job!["error"], undefined);
  assert(idsIn(job!["result"]).includes("out/result.txt"));
});

Deno.test("export: a failed array, a row, a container, a list, --wrap, a record without evidence", async () => {
  await using world = await createRichHistory();

  const crate = await exported(world);

  const actions = actionsIn(crate);
  assert.equal(actions.length, 9);
  // An attempt ran the script as it was then.
  const [old] = idsIn(actions[0]!["instrument"]);
  assert.equal(old, `.datalad/slurm/scripts/${entity(crate, old!)["version"]}`);
  assert.equal(entity(crate, old!)["alternateName"], "job.sh");
  assert.equal(
    await Deno.readTextFile(`${world.sandbox.root}/crate/${old}`),
    "#!/bin/sh\nfalse\n",
  );
  assert.deepEqual(idsIn(actions[1]!["instrument"]), ["job.sh"]);
  assert(!idsIn(actions[1]!["result"]).includes(old!));
  assert.match(actions[0]!["description"], /\n\nOptions of this attempt: -t1$/);
  assert.equal(actions[2]!["error"], "FAILED, exit code 3:0: task 2 TIMEOUT, exit code 0:0");
  assert.match(actions[2]!["description"], /An array of 3 tasks\./);
  assert.equal(actions[3]!["name"], "Slurm job 3, line 7 of t.csv");
  const values = idsIn(actions[3]!["object"]).map((id) => entity(crate, id))
    .filter((each) => each["@type"] === "PropertyValue");
  assert.deepEqual(values.map((each) => [each["name"], each["value"]]), [
    ["a b", "1"],
    ["sample", "x"],
  ]);
  const [image] = idsIn(actions[3]!["containerImage"]);
  assert.equal(image, ".datalad/environments/tools/image");
  assert.deepEqual(entity(crate, image!)["@type"], ["File", "ContainerImage"]);
  const collection = entity(crate, idsIn(actions[4]!["object"])[0]!);
  assert.equal(collection["name"], "10000 input files");
  assert.equal(collection["subjectOf"]["@id"], ".datalad/slurm/inputs/abc.jsonl");
  const wrap = entity(crate, idsIn(actions[5]!["instrument"])[0]!);
  assert.deepEqual([wrap["@type"], wrap["text"]], [
    "SoftwareSourceCode",
    "sbatch --wrap 'echo 1 >r/wrap.txt'",
  ]);
  // What stood there before the commit, where the record itself tells nothing.
  assert.deepEqual(idsIn(actions[6]!["object"]), ["in.txt"]);
  assert.deepEqual(idsIn(actions[6]!["instrument"]), ["job.sh"]);
  assert.equal(actions[6]!["resourceUsage"], undefined);
  assert.deepEqual(idsIn(actions[7]!["instrument"]), ["https://slurm.schedmd.com/sbatch.html"]);
  const folder = entity(crate, idsIn(actions[8]!["object"])[0]!);
  assert.deepEqual([folder["@type"], folder["alternateName"]], ["Dataset", "r/sum.csv/"]);
});

testIfAvailable(
  ["git-annex"],
  "e2e: export of annexed files → hash, size, addresses; what is elsewhere is told, not copied",
  async () => {
    await using world = await EngineWorld.create({}, "git-annex");
    await world.git("config", "annex.largefiles", "include=*.dat");
    await world.schedule("out");
    await world.write("out/here.dat", "here\n");
    await world.write("out/web.dat", "far away\n");
    await world.must("finish");
    const key = (await world.git("annex", "lookupkey", "out/web.dat")).trim();
    await world.git("annex", "registerurl", key, "https://me:secret@example.org/web.dat");
    await world.git("annex", "drop", "--force", "--quiet", "out/web.dat");

    const crate = await exported(world);

    const here = entity(crate, "out/here.dat");
    const content = new TextEncoder().encode("here\n");
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content)).toHex();
    assert.deepEqual([here["sha256"], here["contentSize"]], [hash, "5"]);
    const copy = `${world.sandbox.root}/crate/out/here.dat`;
    assert.equal(await Deno.readTextFile(copy), "here\n");
    assert.equal((await Deno.lstat(copy)).isFile, true);
    const web = entity(crate, "#files/out/web.dat");
    assert.deepEqual(
      [web["contentUrl"], web["contentSize"], web["alternateName"], web["identifier"]],
      ["https://example.org/web.dat", "9", "out/web.dat", key],
    );
    // Without git-annex, and in a clone that it has not been told of, nothing is made up or begun.
    world.sandbox.env["PATH"] = await pathWithout(world.sandbox, ["git-annex"]);
    const { stderr } = await world.must("export", "--ro-crate", "../other.json");
    assert.match(
      stderr,
      /annexed files are listed without addresses and contents: git-annex gives no/,
    );
    await world.git("clone", "-q", world.root, "../clone");
    world.root = `${world.sandbox.root}/clone`;
    const told = await world.must("export", "--ro-crate", "../clone.json");
    assert.match(told.stderr, /git annex init has not been run here/);
  },
);

Deno.test("e2e: export with subdatasets → files of all depths, from the top and from below", async () => {
  await using world = await createNested();
  await runNestedJob(world, "out");
  await world.must("finish");

  const crate = await exported(world);

  const results = idsIn(actionsIn(crate)[0]!["result"]);
  for (const path of ["out/result.txt", "sub/out/result.txt", "sub/deep/out/result.txt"]) {
    assert(results.includes(path), path);
    const copy = await Deno.readTextFile(`${world.sandbox.root}/crate/${path}`);
    assert.equal(copy, path.replace("/result.txt", "\n"));
  }
  const inner = await exported(world, "inner crate", "-d", "sub");
  const own = idsIn(actionsIn(inner)[0]!["result"]);
  assert.deepEqual(own.filter((id) => id.includes("result")).sort(), [
    "deep/out/result.txt",
    "out/result.txt",
  ]);
  await gitIn(world, ".", "submodule", "--quiet", "deinit", "--force", "sub");
  const without = await exported(world, "crate without sub");
  assert.deepEqual(
    idsIn(actionsIn(without)[0]!["result"]).filter((id) => id.includes("result")),
    ["out/result.txt"],
  );
});

Deno.test("e2e: export from a shallow clone → what the oldest job claimed, not all that there is", async () => {
  await using world = await createAnalysis();
  const clone = `${world.sandbox.root}/clone`;
  await world.git("clone", "-q", "--depth=2", `file://${world.root}`, clone);
  world.root = clone;

  const crate = await exported(world);

  const actions = actionsIn(crate);
  assert.equal(actions.length, 2);
  assert.deepEqual(idsIn(actions[0]!["result"]).sort(), [
    "fit/n.txt",
    "fit/when.txt",
    "log-2",
    "slurm-job-2.env.json",
  ]);
});

Deno.test("export: names that are no text, or mean something to crates, paths and systems", async () => {
  await using world = await EngineWorld.create();
  const bytes = "no\udcfftext.txt";
  const link = annexed("a/link", "c");
  await importRuns(world, 3, (at) => ({
    files: [
      [
        ["100644", bytes, "1\n"],
        ["100644", "ro-crate-metadata.json", "{}\n"],
        ["100644", "RO-Crate-Preview.html", "<p>\n"],
        ["100644", "new\nline", "1\n"],
        ["100644", "file", "a file\n"],
        ["100644", "Case", "1\n"],
        ["120000", "out of here", "../../etc/passwd"],
      ],
      [["100644", "file/in/it", "now a folder\n"], ["100644", "case", "2\n"]],
      [["100644", "c:/d", "1\n"], ["100644", "#1", "1\n"], ["120000", "a/link", link.target]],
    ][at] as [string, string, string][],
  }));

  const crate = await exported(world);

  assert.deepEqual(
    crate.files,
    [
      "#1",
      "Case",
      "c:/d",
      "file",
      "job.sh",
      "new\nline",
      "ro-crate-metadata.json",
    ].sort(),
  );
  assert.equal(entity(crate, "#files/no%FFtext.txt")["alternateName"], "no\ufffdtext.txt");
  for (const id of ["ro-crate-metadata.json", "RO-Crate-Preview.html", "case", "file/in/it"]) {
    assert.equal(entity(crate, `#files/${id}`)["alternateName"], id);
  }
  assert.equal(entity(crate, "#files/out%20of%20here")["description"], "A symbolic link");
  for (const id of ["c%3A/d", "%231", "new%0Aline"]) assert(entity(crate, id));
});

Deno.test("export: a link that a record without evidence names → described, and not followed", async () => {
  await using world = await EngineWorld.create();
  await Deno.symlink("/etc/passwd", `${world.root}/link`);
  await world.git("add", "link");
  await world.git("commit", "-q", "-m", "a link");
  await importRuns(world, 1, () => ({
    record: { inputs: ["link"] },
    files: [["100644", "out", "1\n"]],
  }));

  const crate = await exported(world);

  assert.deepEqual(idsIn(actionsIn(crate)[0]!["object"]), ["#files/link"]);
  assert(!crate.files!.includes("link"));
});

Deno.test("export: a range, a revision, a job; of nothing → NO_RECORD", async () => {
  await using world = await createAnalysis();
  const jobsIn = async (...revisions: readonly string[]) => {
    await Deno.remove(`${world.sandbox.root}/jobs.json`).catch(() => {});
    await world.must("export", "--ro-crate", "../jobs.json", ...revisions);
    const crate = await readCrate(`${world.sandbox.root}/jobs.json`);
    return actionsIn(crate).map((each) => each["identifier"][0]);
  };

  assert.deepEqual(await jobsIn(), ["1", "2", "3"]);
  assert.deepEqual(await jobsIn("HEAD~1"), ["1", "2"]);
  assert.deepEqual(await jobsIn("HEAD~2..HEAD"), ["2", "3"]);
  assert.deepEqual(await jobsIn("HEAD~1.."), ["3"]);
  assert.deepEqual(await jobsIn("2"), ["2"]);

  for (
    const [revisions, code] of [["HEAD~3", "NO_RECORD"], ["nothing", "USAGE"], ["--all", "USAGE"]]
  ) {
    const args = ["-f", "json", "export", "--ro-crate", "../none.json", "--", revisions!];
    const { code: status, stdout } = await world.dlslurm(...args);
    assert.notEqual(status, 0);
    assert.equal(JSON.parse(stdout).error_code, code, revisions);
  }
  const nowhere = await world.dlslurm("export");
  assert.equal(nowhere.code, 2);
  assert.match(nowhere.stderr, /dlslurm export --ro-crate FOLDER/);
});

Deno.test("export: a record that cannot be read → the others, an error, exit status 1", async () => {
  await using world = await createAnalysis();
  await world.git(
    "commit",
    "-q",
    "--allow-empty",
    "-m",
    "[DATALAD SLURM RUN] Slurm job 9: Completed",
  );

  const { code, stdout } = await world.dlslurm("-f", "json", "export", "--ro-crate", "../crate");

  assert.equal(code, 1);
  const [written, left] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([written.status, written.count, written.described], ["ok", 3, 12]);
  assert.deepEqual([left.status, left.error_code], ["error", "BAD_RECORD"]);
  assert.equal(actionsIn(await readCrate(`${world.sandbox.root}/crate`)).length, 3);
});

Deno.test("export: the place is taken, or there is no folder for it → refused, nothing is written", async () => {
  await using world = await createAnalysis();
  await Deno.mkdir(`${world.sandbox.root}/crate`);

  const taken = await world.dlslurm("export", "--ro-crate", "../crate");
  const homeless = await world.dlslurm("export", "--ro-crate", "../no crate/here.zip");

  assert.equal(taken.code, 1);
  assert.match(
    saidBy(taken),
    /Cannot write ".*\/crate": it exists already\. Nothing was/,
  );
  assert.equal(homeless.code, 1);
  assert.match(saidBy(homeless), /hint: mkdir -p /);
  assert.deepEqual(await besides(world), ["crate"]);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(`${world.sandbox.root}/crate`)), []);
});

for (const name of ["crate", "crate.zip"]) {
  // Its second reading of contents is the one that copies them.
  Deno.test(`export: killed while ${name} is written → nothing has that name, and the next one works`, async () => {
    await using world = await createAnalysis();
    await killCallerOf(world, "git", "cat-file --buffer --batch", "after", 2);

    const { code } = await world.dlslurm("export", "--ro-crate", `../${name}`);

    assert.notEqual(code, 0);
    const left = await besides(world);
    assert.deepEqual(left.map((each) => each.split(".dlslurm-tmp-")[0]), [name]);
    assert.notDeepEqual(left, [name]);
    await mend(world, "git");
    await world.must("export", "--ro-crate", `../${name}`);
    assert((await besides(world)).includes(name));
  });

  Deno.test(`export: contents cannot be read while ${name} is written → an error, and nothing is left`, async () => {
    await using world = await createAnalysis();
    const seen = `${world.sandbox.root}/seen`;
    await wrapProgram(
      world.sandbox,
      "git",
      `case "$*" in *--buffer*) [ ! -e "${seen}" ] || { "$REAL" "$@"; exit 128; }; >"${seen}" ;; esac\n` +
        'exec "$REAL" "$@"',
    );

    const { code, stderr } = await world.dlslurm("export", "--ro-crate", `../${name}`);

    assert.equal(code, 1);
    assert.match(stderr, /git cat-file ended with exit status 128/);
    assert.deepEqual(await besides(world), []);
  });
}

Deno.test("budget: export of 300 jobs → not one process more than of 3", async () => {
  const counts: number[] = [];
  for (const count of [3, 300]) {
    await using world = await EngineWorld.create({ "in.txt": "1\n" });
    const blob = (await world.git("rev-parse", "HEAD:job.sh")).trim();
    const input = { path: "in.txt", blob: (await world.git("rev-parse", "HEAD:in.txt")).trim() };
    await importRuns(world, count, (at) => ({
      evidence: { script: { path: "job.sh", blob }, inputs: [input] },
      files: [["100644", `out/${at}.txt`, `${at}\n`]],
    }));
    const log = await world.watch(["git", "git-annex", "sh"]);
    await log.clear();

    const { pid } = await world.must("export", "--ro-crate", "../crate");

    counts.push((await log.read(pid)).length);
    const crate = await readCrate(`${world.sandbox.root}/crate`);
    assert.equal(actionsIn(crate).length, count);
    // However often it is read, an input is one entity.
    assert.equal(crate.graph.filter((each) => each["name"] === "in.txt").length, 1);
  }
  assert.equal(counts[0], counts[1]);
});
