import assert from "node:assert/strict";
import { openDataset } from "../../src/datalad/dataset.ts";
import { planSubmission } from "../../src/submit/plan_submission.ts";
import type { OpenJobs } from "../../src/submit/awaited_inputs.ts";
import type { CommandToSubmit, Preparation } from "../../src/submit/plan_submission.ts";
import { requirePlace } from "../../src/submit/command_place.ts";
import { openJob } from "../support/jobs.ts";
import { TestRepository } from "../support/test_repository.ts";

interface Wanted extends Partial<CommandToSubmit> {
  readonly in?: string;
  readonly altDir?: string;
}

async function createPlanner(files: Readonly<Record<string, string>> = {}) {
  const repository = await TestRepository.create({
    "sub/in/a.txt": "",
    "sub/in/b.txt": "",
    ...files,
  });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const plan = async (
    { in: folder = "sub", altDir, ...wanted }: Wanted,
    options: Partial<Preparation> = {},
    writersOf: OpenJobs["writersOf"] = () => [],
  ) => {
    const place = await requirePlace(dataset, repository.at(folder), altDir, repository.root);
    const whole: CommandToSubmit = {
      cmd: "sbatch job.sh",
      place,
      inputs: [],
      outputs: ["out"],
      outputsFrom: place.directory,
      message: null,
      extraInputs: [],
      expandsInputs: false,
      ...wanted,
    };
    return await planSubmission(dataset, whole, {
      ...{ assumeReady: undefined, jobs: 2, ...options, onInstall: null },
      openJobs: { writersOf, predecessorsOf: () => [] },
    });
  };
  return { repository, plan };
}

Deno.test("planSubmission() claims from the root what was named from a folder, each place once", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;

  const { request, inputs, toUnlock, directory } = await plan({
    outputs: ["out/", "./out", "../top", "in/../out2"],
    inputs: ["in/*.txt"],
    message: "as said",
  });

  assert.deepEqual(request.outputs, ["sub/out", "top", "sub/out2"]);
  assert.deepEqual(toUnlock, request.outputs);
  assert.deepEqual(inputs, ["sub/in/a.txt", "sub/in/b.txt"]);
  assert.deepEqual(request.inputs, ["in/*.txt"], "the record has them as they were given");
  assert.deepEqual([request.pwd, request.message, directory], [
    ...["sub", "as said", repository.at("sub")],
  ]);
});

Deno.test("planSubmission() fills placeholders in, inputs and outputs into each other too", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;

  const { command, request } = await plan({
    cmd: "sbatch job.sh {inputs} -- {outputs[0]} {dspath} {{x}}",
    inputs: ["in/*.txt"],
    outputs: ["o p"],
    expandsInputs: true,
  });

  assert.match(request.cmd, /\{inputs\}/, "the record keeps them");
  assert.match(command, /^sbatch job\.sh in\/a\.txt in\/b\.txt -- 'o p' .*data set' \{x\}$/);
  assert.deepEqual(request.inputs, ["in/a.txt", "in/b.txt"]);
  const mutual = await plan({ inputs: ["{outputs[0]}"], outputs: ["in"] });
  assert.deepEqual(mutual.inputs, ["sub/in"]);
});

Deno.test("planSubmission() prepares extra inputs like inputs, and fills none in", async () => {
  const { repository, plan } = await createPlanner({ "env/a.sif": "", "env/b.sif": "" });
  await using _repository = repository;
  const wanted = {
    cmd: "sbatch job.sh {inputs}",
    inputs: ["in/a.txt"],
    extraInputs: ["../env/*.sif", "{outputs[0]}.x", "in/a.txt"],
    outputs: ["in/b"],
  };
  await repository.dataset.write("sub/in/b.x", "");

  const { command, request, inputs, extra } = await plan(wanted);

  assert.equal(command, "sbatch job.sh in/a.txt");
  assert.deepEqual(extra, ["env/a.sif", "env/b.sif", "sub/in/b.x"]);
  assert.deepEqual(inputs, ["sub/in/a.txt", ...extra!]);
  assert.deepEqual(
    request.extraInputs,
    wanted.extraInputs,
    "the record has them as they were given",
  );
  const expanded = await plan({ ...wanted, expandsInputs: true });
  assert.deepEqual(expanded.request.extraInputs, [
    ...["../env/a.sif", "../env/b.sif", "in/b.x", "in/a.txt"],
  ]);
  await assert.rejects(() => plan({ extraInputs: ["gone.sif"] }), { code: "MISSING_INPUT" });
  assert.equal((await plan({})).extra, undefined);
});

Deno.test("planSubmission() has a record's outputs relative to where the command runs", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;

  const { command, request } = await plan({
    cmd: "sbatch job.sh {outputs}",
    outputs: ["sub/out", "top", "sub"],
    outputsFrom: repository.root,
  });

  assert.deepEqual(request.outputs, ["sub/out", "top", "sub"]);
  assert.equal(command, "sbatch job.sh out ../top .");
});

Deno.test("planSubmission() prepares what is not said to be ready", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;
  const wanted = { alsoWritten: ["log"] };
  const prepared = async (assumeReady: Preparation["assumeReady"]) => {
    const { transfers, toUnlock } = await plan(wanted, { assumeReady, jobs: 3 });
    return [transfers, toUnlock];
  };

  assert.deepEqual(await prepared(undefined), [3, ["sub/out", "log"]]);
  assert.deepEqual(await prepared("inputs"), [null, ["sub/out", "log"]]);
  assert.deepEqual(await prepared("outputs"), [3, []]);
  assert.deepEqual(await prepared("both"), [null, []]);
});

Deno.test("planSubmission() leaves the dataset's files as they are where a job runs elsewhere", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;
  const altDir = `${repository.sandbox.root}/alt`;
  await Deno.mkdir(altDir);

  const { toUnlock, directory, request } = await plan({ altDir });

  assert.deepEqual([toUnlock, directory, request.altDir], [[], `${altDir}/sub`, altDir]);
});

Deno.test("planSubmission() refuses what has no output, or one that cannot be claimed", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;

  await assert.rejects(plan({ outputs: [] }), { code: "NO_OUTPUT" });
  await assert.rejects(plan({ outputs: ["../.."] }), { code: "BAD_OUTPUT" });
  await assert.rejects(plan({ outputs: ["../.git/x"] }), { code: "BAD_OUTPUT" });
  await assert.rejects(plan({ cmd: "sbatch {x}" }), { code: "UNKNOWN_PLACEHOLDER" });
  await assert.rejects(plan({ inputs: ["gone"] }), { code: "MISSING_INPUT" });
});

Deno.test("planSubmission() takes an input that a job will write which the command waits for", async () => {
  const { repository, plan } = await createPlanner();
  await using _repository = repository;
  const asked: string[] = [];

  const { inputs, awaited } = await plan(
    { cmd: "sbatch -d afterok:151 job.sh", inputs: ["new/*.nii", "in"] },
    {},
    (path) => {
      asked.push(path);
      return [openJob()];
    },
  );

  assert.deepEqual(asked, ["sub/new"]);
  assert.deepEqual(awaited, ["sub/new/*.nii"]);
  assert.deepEqual(inputs, ["sub/new/*.nii", "sub/in"]);
  // Where nothing can be claimed nobody will write.
  const outside = plan(
    { cmd: "sbatch -d afterok:151 x", inputs: ["../../gone"] },
    {},
    () => [openJob()],
  );
  await assert.rejects(outside, { code: "MISSING_INPUT", message: /is not there\. No job/ });
});
