import assert from "node:assert/strict";
import type { Job } from "../../src/jobs/job.ts";
import { findOvertaken, missingInput, requireAwaited } from "../../src/submit/awaited_inputs.ts";
import type { OpenJobs } from "../../src/submit/awaited_inputs.ts";
import type { CommandPlace } from "../../src/submit/command_place.ts";
import { openJob } from "../support/jobs.ts";
import { TestFolder } from "../support/test_folder.ts";

function placeIn(directory: string, altDir: string | null = null): CommandPlace {
  const runsIn = altDir ?? directory;
  return { directory, pwd: ".", altDir, runsIn, values: new Map() };
}

const PLACE = placeIn("/nowhere");
const INPUT = { given: "in/a", place: "in/a" };
const submitting: Job = { ...openJob(), jobId: null, stage: "submitting" };

function written(...writers: readonly Job[]): OpenJobs {
  return {
    writersOf: (path) => path.startsWith("in") ? writers : [],
    predecessorsOf: () => [],
  };
}

const REFUSED: readonly [name: string, command: string, openJobs: OpenJobs, message: RegExp][] = [
  [
    "nobody writes",
    "sbatch -d afterok:151 job.sh",
    written(),
    /input "in\/a" is not there\. No job/,
  ],
  ["the command does not wait for", "sbatch job.sh", written(openJob()), /does not wait for that/],
  [
    "one of two jobs that the command does not wait for writes",
    "sbatch -d afterok:151 job.sh",
    written(openJob(), openJob({ jobId: "152" })),
    /job 152 .* does not wait for that/,
  ],
  [
    "is certain of two conditions only",
    "sbatch -d afterok:151?afterok:7 job.sh",
    written(openJob()),
    /does not wait for that/,
  ],
  [
    "a job without an ID writes",
    "sbatch -d afterok:151 job.sh",
    written(submitting),
    /being submitted/,
  ],
  [
    "is written elsewhere",
    "sbatch -d afterok:151 job.sh",
    written(openJob({ altDir: "/scratch" })),
    /below "\/scratch", where this command does not run/,
  ],
];

for (const [name, command, openJobs, message] of REFUSED) {
  Deno.test(`requireAwaited() refuses an input that ${name}`, async () => {
    await assert.rejects(requireAwaited([INPUT], command, PLACE, openJobs), {
      code: "MISSING_INPUT",
      message,
      hint: /./,
    });
  });
}

Deno.test("requireAwaited() takes what a job writes that the command waits for", async () => {
  const array = written(openJob({ jobId: "151_3" }));

  await requireAwaited([INPUT], "sbatch -d afterok:151 job.sh", PLACE, written(openJob()));
  await requireAwaited([INPUT], "sbatch --dependency=afterany:7,afterok:151_3 x", PLACE, array);
  await requireAwaited([], "sbatch x", PLACE, written());
});

Deno.test("requireAwaited() takes what a job writes that the awaited one waits for itself", async () => {
  const openJobs: OpenJobs = {
    writersOf: () => [openJob({ jobId: "140" })],
    predecessorsOf: (jobId) => jobId === "151" ? ["150"] : jobId === "150" ? ["140", "151"] : [],
  };

  await requireAwaited([INPUT], "sbatch -d afterok:151 job.sh", PLACE, openJobs);
  await assert.rejects(requireAwaited([INPUT], "sbatch -d afterok:7 x", PLACE, openJobs), {
    code: "MISSING_INPUT",
  });
});

Deno.test("requireAwaited() reads the batch script where it runs, else where it is", async () => {
  await using folder = await TestFolder.create({
    "set/job.sh": "#!/bin/sh\n#SBATCH --dependency=afterok:7\n",
    "set/other.sh": "#!/bin/sh\n#SBATCH -d afterok:151\n",
    "alt/job.sh": "#!/bin/sh\n#SBATCH -d afterok:151\n",
  });
  const altDir = folder.at("alt");
  const place = placeIn(folder.at("set"), altDir);
  const openJobs = written(openJob({ altDir }));
  const require = (command: string) => requireAwaited([INPUT], command, place, openJobs);

  await require("sbatch job.sh");
  await require("sbatch other.sh");
  // Words on the command line count above directives.
  await assert.rejects(require("sbatch -d afterok:7 job.sh"), { code: "MISSING_INPUT" });
});

Deno.test("requireAwaited() asks of a pattern in the root only for who may write everywhere", async () => {
  const asked: [string, boolean][] = [];
  const openJobs: OpenJobs = {
    writersOf: (path, inside) => {
      asked.push([path, inside]);
      return [openJob()];
    },
    predecessorsOf: () => [],
  };
  const inputs = [
    { given: "*.txt", place: "." },
    { given: "in/*.txt", place: "in" },
    { given: ".", place: "." },
  ];

  await requireAwaited(inputs, "sbatch -d afterok:151 x", PLACE, openJobs);

  assert.deepEqual(asked, [[".", false], ["in", true], [".", true]]);
});

Deno.test("findOvertaken() finds inputs that are written once more, unless the command waits", async () => {
  const openJobs = written(openJob(), submitting);

  const found = await findOvertaken(["in/a", "other"], "sbatch -d afterok:151 x", PLACE, openJobs);
  const both = await findOvertaken(["in/a"], "sbatch x", PLACE, openJobs);

  assert.deepEqual(found.map(({ path, writer }) => [path, writer.jobId]), [["in/a", null]]);
  assert.equal(both.length, 2);
  assert.deepEqual(await findOvertaken(["other"], "sbatch x", PLACE, openJobs), []);
});

Deno.test("missingInput() tells an empty name, a pattern and a path apart", () => {
  assert.match(missingInput(" ").message, /" " is empty/);
  assert.match(missingInput("a*").message, /"a\*" matches no file/);
  assert.match(missingInput("a").message, /"a" is not there/);
});
