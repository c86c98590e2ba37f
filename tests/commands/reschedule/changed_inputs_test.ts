import assert from "node:assert/strict";
import { findChangedInputs } from "../../../src/commands/reschedule/changed_inputs.ts";
import { openDataset } from "../../../src/datalad/dataset.ts";
import type { SubmissionPlan } from "../../../src/submit/plan_submission.ts";
import { jobRequest } from "../../support/jobs.ts";
import { testIfAvailable } from "../../support/requirements.ts";
import { TestRepository } from "../../support/test_repository.ts";

const FILES = {
  "job.sh": "#!/bin/sh\n",
  "settings.env": "GRID=1\n",
  "data/a.txt": "1\n",
  "data/sub dir/ä b.txt": "2\n",
  "extra.txt": "1\n",
  "out/x": "1\n",
  "other.txt": "x\n",
};

function plan(changes: Partial<SubmissionPlan> = {}): SubmissionPlan {
  return {
    request: jobRequest({ outputs: ["out"] }),
    command: "sbatch --comment=settings.env ./job.sh out /etc/passwd ../x",
    directory: "/",
    inputs: ["data", "../outside", "extra.txt"],
    extra: ["extra.txt"],
    transfers: null,
    toUnlock: [],
    ...changes,
  };
}

/** A repository whose HEAD records a job, and what changed for that job. */
async function createRecorded(kind: "plain git" | "git-annex" = "plain git") {
  const repository = await TestRepository.create(FILES, kind);
  if (kind === "git-annex") {
    for (const name of ["a", "b"]) {
      await repository.dataset.write(`data/${name}.bin`, `annexed ${name}\n`);
    }
    await repository.dataset.git("-c", "annex.largefiles=anything", "annex", "add", "-q", "data");
    await repository.commit();
  }
  const commit = await repository.dataset.git("rev-parse", "HEAD");
  const find = async (own = plan()) => {
    const dataset = await openDataset(repository.runner, repository.root, undefined);
    return (await findChangedInputs(dataset, [{ commit, plan: own }])).get(commit);
  };
  return { repository, commit, find };
}

const CHANGES: readonly [
  name: string,
  changed: readonly string[] | undefined,
  make: (repository: TestRepository) => Promise<unknown>,
][] = [
  ["an input in a commit", ["data/sub dir/ä b.txt"], async ({ dataset }) => {
    await dataset.write("data/sub dir/ä b.txt", "3\n");
    await dataset.git("commit", "-qam", "x");
  }],
  [
    "an input that was added and one that was removed",
    ["data/a.txt", "data/new"],
    async ({ dataset }) => {
      await dataset.write("data/new", "n\n");
      await dataset.git("rm", "-q", "data/a.txt");
      await dataset.git("add", "data");
      await dataset.git("commit", "-qm", "x");
    },
  ],
  [
    "the batch script, not committed",
    ["job.sh"],
    ({ dataset }) => dataset.write("job.sh", "#!/bin/bash\n"),
  ],
  ["a file that an option names, staged", ["settings.env"], async ({ dataset }) => {
    await dataset.write("settings.env", "GRID=2\n");
    await dataset.git("add", "settings.env");
  }],
  [
    "an input of the record beside the others",
    ["extra.txt"],
    ({ dataset }) => dataset.write("extra.txt", "2\n"),
  ],
  ["what was changed and changed back", undefined, async ({ dataset }) => {
    await dataset.write("data/a.txt", "9\n");
    await dataset.git("commit", "-qam", "x");
    await dataset.write("data/a.txt", "1\n");
    await dataset.git("commit", "-qam", "y");
  }],
  ["nothing that the job reads", undefined, async ({ dataset }) => {
    // Another mode is no other content.
    await Deno.chmod(`${dataset.root}/job.sh`, 0o755);
    await dataset.write("other.txt", "y\n");
    await dataset.write("out/x", "2\n");
    await dataset.git("commit", "-qam", "x");
    // Times are no content.
    await Deno.utime(`${dataset.root}/data/a.txt`, 1, 1);
  }],
];

for (const [name, changed, make] of CHANGES) {
  Deno.test(`findChangedInputs() tells ${name}`, async () => {
    const { repository, find } = await createRecorded();
    await using _repository = repository;
    await make(repository);
    const staged = await repository.dataset.git("ls-files", "--stage");

    assert.deepEqual(await find(), changed);

    assert.equal(await repository.dataset.git("ls-files", "--stage"), staged);
  });
}

Deno.test("findChangedInputs() tells each of several jobs its own, by where it ran", async () => {
  const { repository, commit } = await createRecorded();
  await using _repository = repository;
  await repository.dataset.write("data/a.txt", "2\n");
  const second = await repository.commit();
  await repository.dataset.write("settings.env", "2\n");
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const inData = plan({
    request: jobRequest({ pwd: "data" }),
    inputs: [],
    command: "sbatch a.txt",
  });

  const found = await findChangedInputs(dataset, [
    { commit, plan: inData },
    { commit: second, plan: plan() },
  ]);

  assert.deepEqual(found, new Map([[commit, ["data/a.txt"]], [second, ["settings.env"]]]));
});

Deno.test("findChangedInputs() goes by the versions of the evidence, where the record has them", async () => {
  const { repository, commit } = await createRecorded();
  await using _repository = repository;
  const { dataset } = repository;
  await Deno.symlink("job.sh", `${dataset.root}/link.sh`);
  const blobOf = async (text: string) => {
    await dataset.write("then", text);
    return await dataset.git("hash-object", "then");
  };
  const noted = new Map([
    ["job.sh", { blob: await blobOf("#!/bin/sh\n# edited\n") }],
    ["link.sh", { blob: await blobOf("#!/bin/sh\n# edited\n") }],
    ["data/a.txt", { blob: await blobOf("7\n") }],
    ["out/x", { blob: await blobOf("written by the job itself\n") }],
  ]);
  const find = async () => {
    const opened = await openDataset(repository.runner, repository.root, undefined);
    return (await findChangedInputs(opened, [{ commit, plan: plan(), noted }])).get(commit);
  };

  // As HEAD has them, but not as the job had them.
  assert.deepEqual(await find(), ["data/a.txt", "job.sh", "link.sh"]);
  await dataset.write("job.sh", "#!/bin/sh\n# edited\n");
  await dataset.write("data/a.txt", "7\n");
  assert.equal(await find(), undefined);
  await dataset.git("commit", "-qam", "As it ran");
  assert.equal(await find(), undefined);
  await Deno.remove(`${dataset.root}/data/a.txt`);
  assert.deepEqual(await find(), ["data/a.txt"]);
});

Deno.test("findChangedInputs() looks for nothing where nothing can be told", async () => {
  const { repository, find } = await createRecorded();
  await using _repository = repository;
  await repository.dataset.write("job.sh", "2\n");
  const request = jobRequest();

  for (const command of ["sbatch 'job.sh", "cd sub && sbatch job.sh"]) {
    assert.equal(await find(plan({ request, inputs: [], command })), undefined);
  }
});

testIfAvailable(
  ["git-annex"],
  "findChangedInputs() compares annexed files by their keys",
  async () => {
    const { repository, commit, find } = await createRecorded("git-annex");
    await using _repository = repository;
    const { dataset } = repository;
    await dataset.git("annex", "unlock", "--quiet", "data/a.bin", "data/b.bin");
    assert.equal(await find(), undefined);
    await dataset.git("commit", "-qm", "Unlock");
    assert.equal(await find(), undefined);

    const key = (await dataset.git("annex", "lookupkey", "data/a.bin")).trim();
    const other = key.replace(/-s[0-9]+/, "-s5");
    const opened = await openDataset(repository.runner, repository.root, undefined);
    const findNoted = async (key: string) =>
      (await findChangedInputs(opened, [{
        ...{ commit, plan: plan({ inputs: [] }) },
        noted: new Map([["data/a.bin", { key }]]),
      }])).get(commit);
    assert.equal(await findNoted(key), undefined);
    assert.deepEqual(await findNoted(other), ["data/a.bin"]);

    await dataset.write("data/a.bin", "other content\n");

    assert.deepEqual(await find(), ["data/a.bin"]);
    assert.deepEqual(await findNoted(key), ["data/a.bin"]);
    await dataset.git("annex", "add", "--quiet", "data/a.bin");
    assert.deepEqual(await find(), ["data/a.bin"]);
    await dataset.git("commit", "-qm", "New content");
    assert.deepEqual(await find(), ["data/a.bin"]);
  },
);
