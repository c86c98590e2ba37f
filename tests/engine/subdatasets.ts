import { joinPath } from "../../src/paths/root_paths.ts";
import assert from "node:assert/strict";
import { join } from "node:path";
import { copyTemplate } from "../support/templates.ts";
import { EngineWorld } from "./engine_world.ts";

/** Runs git in a subdataset, `.` for the dataset itself; it has to succeed. */
export async function gitIn(
  world: EngineWorld,
  path: string,
  ...args: readonly string[]
): Promise<string> {
  return await world.git("-C", path, ...args);
}

/** Makes a repository with these files in place, as DataLad does, and registers it with the one around. */
export async function addSubdataset(
  world: EngineWorld,
  path: string,
  files: Readonly<Record<string, string>> = { "old.txt": "old\n" },
): Promise<void> {
  const slash = path.lastIndexOf("/");
  const [parent, name] = slash < 0 ? [".", path] : [path.slice(0, slash), path.slice(slash + 1)];
  await world.git("init", "--quiet", path);
  for (const [file, text] of Object.entries(files)) await world.write(`${path}/${file}`, text);
  await gitIn(world, path, "add", "--all");
  await gitIn(world, path, "commit", "--quiet", "-m", "first files");
  await gitIn(world, parent, "submodule", "--quiet", "add", `./${name}`, name);
  await gitIn(world, parent, "commit", "--quiet", "-m", `add ${name}`);
}

/** A dataset with `sub` in it, `sub/deep` in that, and `beside`. */
export async function createNested(): Promise<EngineWorld> {
  const world = await EngineWorld.create({ "old.txt": "old\n" });
  const { root } = world;
  const alone = `${root} alone`;
  await Deno.rename(root, alone);
  await copyTemplate("nested", root, async (folder) => {
    await world.sandbox.require(["cp", "-a", alone, folder]);
    world.root = folder;
    await addSubdataset(world, "sub");
    await addSubdataset(world, "sub/deep");
    await addSubdataset(world, "beside");
    await world.git("add", "--all");
    await world.git("commit", "--quiet", "-m", "as it is in sub");
  }, [".git/config", "sub/.git/config"]);
  world.root = root;
  return world;
}

/** The places of {@linkcode createNested}, superdatasets first. */
export const PLACES = [".", "sub", "sub/deep", "beside"] as const;

/** Subjects of the job commits of a place, from the newest on, without what they have in common. */
export async function jobsIn(world: EngineWorld, path: string): Promise<string[]> {
  const log = await gitIn(world, path, "log", "--first-parent", "--format=%s");
  return log.split("\n").flatMap((subject) =>
    /^\[DATALAD SLURM RUN\] Slurm job (\d+): Completed$/.exec(subject)?.[1] ?? []
  );
}

/** The commit that `commit` of a place records for the subdataset below it. */
export async function linkIn(
  world: EngineWorld,
  place: string,
  commit: string,
  path: string,
): Promise<string> {
  return await gitIn(world, place, "rev-parse", `${commit}:${path}`);
}

/** Requires that nothing is left to be saved anywhere, and that git finds nothing wrong. */
export async function assertSaved(
  world: EngineWorld,
  places: readonly string[] = PLACES,
): Promise<void> {
  for (const place of places) {
    assert.equal(await gitIn(world, place, "status", "--porcelain"), "", place);
    await gitIn(world, place, "fsck", "--strict", "--no-dangling");
    const refs = await gitIn(world, place, "for-each-ref", "--format=%(refname)", "refs/dlslurm");
    assert.equal(refs, "", place);
    for await (const { name } of Deno.readDir(await gitFolder(world, place))) {
      assert.doesNotMatch(name, /^dlslurm-|^index\.lock$/, place);
    }
  }
}

/** The git directory of a place's work tree. */
async function gitFolder(world: EngineWorld, place: string): Promise<string> {
  return await gitIn(world, place, "rev-parse", "--absolute-git-dir");
}

/** Writes what a job with the claims `NAME`, `sub/NAME` and `sub/deep/NAME` would. */
async function writeOutputs(world: EngineWorld, name: string): Promise<void> {
  for (const folder of ["", "sub/", "sub/deep/"]) {
    await world.write(`${folder}${name}/result.txt`, `${folder}${name}\n`);
  }
}

/** Schedules a job that writes at all three depths, and writes its outputs. */
export async function runNestedJob(world: EngineWorld, name: string): Promise<string> {
  const jobId = await world.schedule(name, `sub/${name}`, `sub/deep/${name}`);
  await writeOutputs(world, name);
  return jobId;
}

/** Whether a path of the work tree is there. */
export async function isThere(world: EngineWorld, path: string): Promise<boolean> {
  return await Deno.lstat(join(world.root, path)).then(() => true, () => false);
}

/** How finish is asked for commits. */
export const SHAPES = {
  sequence: [],
  branches: ["--branches"],
  octopus: ["--octopus"],
} as const;

/**
 * Requires that each of two jobs has one commit in each of `places`, in the given shape, that links lead
 * to the commits of the same job, and that nothing else is left.
 *
 * @param heads what the places were at before the finish.
 */
export async function assertShape(
  world: EngineWorld,
  shape: keyof typeof SHAPES,
  jobIds: readonly [string, string],
  places: readonly string[],
  heads: ReadonlyMap<string, string>,
): Promise<void> {
  const commits = new Map<string, readonly string[]>();
  for (const place of places) {
    const base = heads.get(place)!;
    const own = await commitsOfShape(world, shape, jobIds, place);
    commits.set(place, own);
    assert.equal(new Set(own).size, 2, place);
    const parents = await gitIn(world, place, "rev-parse", `${own[0]}~1`, `${own[1]}~1`);
    assert.deepEqual(parents.split("\n"), [base, shape === "sequence" ? own[0] : base], place);
    for (const [at, jobId] of jobIds.entries()) {
      const subject = await gitIn(world, place, "log", "-1", "--format=%s", own[at]!);
      assert.equal(subject, `[DATALAD SLURM RUN] Slurm job ${jobId}: Completed`);
    }
    const all = await gitIn(world, place, "rev-list", "--branches", `^${base}`);
    assert.equal(all.split("\n").length, shape === "octopus" ? 3 : 2, place);
    const branches = await gitIn(
      world,
      place,
      "for-each-ref",
      "--format=%(refname:short)",
      "refs/heads",
    );
    const expected = shape === "branches" ? jobIds.map((id) => `slurm-job-branch-${id}`) : [];
    assert.deepEqual(branches.split("\n"), ["main", ...expected], place);
  }
  for (const [place, name] of [[".", "sub"], ["sub", "deep"]] as const) {
    const inner = joinPath(place, name);
    if (!places.includes(inner)) continue;
    for (const [at, commit] of commits.get(place)!.entries()) {
      assert.equal(await linkIn(world, place, commit, name), commits.get(inner)![at]);
    }
    const head = await gitIn(world, inner, "rev-parse", "HEAD");
    assert.equal(await linkIn(world, place, "HEAD", name), head);
  }
  await assertSaved(world, places);
}

async function commitsOfShape(
  world: EngineWorld,
  shape: keyof typeof SHAPES,
  jobIds: readonly [string, string],
  place: string,
): Promise<readonly string[]> {
  const names = {
    sequence: ["HEAD~1", "HEAD"],
    branches: jobIds.map((id) => `slurm-job-branch-${id}`),
    octopus: ["HEAD^2", "HEAD^3"],
  };
  return (await gitIn(world, place, "rev-parse", ...names[shape])).split("\n");
}

/** What is checked out in each place. */
export async function headsOf(
  world: EngineWorld,
  places: readonly string[],
): Promise<Map<string, string>> {
  const heads = new Map<string, string>();
  for (const place of places) heads.set(place, await gitIn(world, place, "rev-parse", "HEAD"));
  return heads;
}
