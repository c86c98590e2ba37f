import { fileURLToPath } from "node:url";
import assert from "node:assert/strict";
import { COUNT_OF_JOBS } from "../../scripts/report_picture/run_analysis.ts";
import { findStatements } from "./first_screen.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const README = await Deno.readTextFile(`${PROJECT}README.md`);

/** How each sentence begins, and the tests that run what it says: a file, and words of the test's name. */
const RUN_BY: readonly (readonly [
  sentence: string,
  ...tests: readonly (readonly [file: string, words: string])[],
])[] = [
  [
    "`dlslurm` records Slurm batch jobs",
    ["tests/docs/readme_test.ts", "the examples print what is shown"],
    ["tests/real_slurm/seed_workflow_test.ts", "testSeedCases(CASES"],
    ["tests/e2e/seed_workflow_test.ts", '"plain git", "git-annex", "text2git"'],
    ["tests/support/seed/reschedule_cases.ts", "reschedule twice in a row"],
  ],
  [
    "It is for scientists on clusters",
    ["tests/support/seed/finish_cases.ts", "finish the four seed jobs → gold and silver committed"],
    ["tests/engine/budget_test.ts", "finish of 200 jobs → at most 20 processes, a commit each"],
    ["tests/support/seed/workflow.ts", "findViolations"],
  ],
  [
    "Thirty seconds of `deno task demo`",
    ["tests/docs/demo_picture_test.ts", "shows what `deno task demo` types and prints"],
    ["tests/docs/guides_test.ts", "the examples print what is shown"],
    ["tests/support/seed/report_cases.ts", "report of the four seed jobs"],
  ],
  ["A terminal:", ["tests/docs/demo_picture_test.ts", "shows what `deno task demo` types"]],
  ["A report of 44 jobs", [
    "tests/docs/first_screen_test.ts",
    "the picture of a report has as many",
  ]],
  [
    "`schedule` submits a job",
    [
      "tests/engine/concurrency_test.ts",
      "20 processes schedule the same output → exactly one wins",
    ],
    ["tests/support/seed/conflict_cases.ts", "refused, names the job, nothing is submitted"],
  ],
  [
    "`finish` asks Slurm once",
    ["tests/engine/budget_test.ts", "list, and finish, of 100 jobs → one sacct each"],
    ["tests/engine/budget_test.ts", "finish of 200 jobs → at most 20 processes, a commit each"],
  ],
  [
    "`reschedule` submits a recorded job again",
    ["tests/support/seed/reschedule_cases.ts", "each run is committed, the chain grows"],
  ],
  [
    "The record in each commit says",
    ["tests/engine/evidence_test.ts", "of a plain job → submission, script, inputs, accounting"],
  ],
  [
    "The first job shows one",
    ["tests/docs/guides_test.ts", "the examples print what is shown"],
    ["tests/support/seed/workflow.ts", "findViolations"],
  ],
  ["It is one file.", ["tests/build/seed_workflow_test.ts", "the built file alone"]],
  [
    "It needs Linux with glibc",
    ["tests/build/start_test.ts", "needs the C library, and takes the room, that the README says"],
    ["tests/build/processors_test.ts", "the file for ARM → a job is scheduled, listed, run"],
    ["tests/build/seed_workflow_test.ts", "the built file alone"],
    ["tests/build/start_test.ts", "starts alone with an empty home and unpacks once"],
  ],
  [
    "Its first start unpacks",
    ["tests/build/start_test.ts", "needs the C library, and takes the room, that the README says"],
    ["tests/build/fall_back_test.ts", "DLSLURM_CACHE_DIR is the only place when it is set"],
    ["tests/docs/guides_test.ts", "the examples print what is shown"],
  ],
  [
    "To try it where there is no Slurm",
    ["tests/fake_slurm/environment_test.ts", "env switches a shell to the fake"],
    ["tests/fake_slurm/simulation_test.ts", "sbatch runs the script as it was submitted"],
  ],
  [
    "On any Linux machine with Node and git",
    ["tests/docs/demo_picture_test.ts", "shows what `deno task demo` types and prints"],
    ["tests/scripts/test_script_test.ts", "runs the tests of that place, and counts them"],
    ["tests/scripts/test_output_test.ts", "joins the skipped tests"],
  ],
];

Deno.test("README.md: every statement of the first screen is run by a test", async () => {
  const statements = findStatements(README);

  for (const statement of statements) {
    const rows = RUN_BY.filter(([sentence]) => statement.startsWith(sentence));
    assert.equal(rows.length, 1, `which test runs this? ${statement}`);
  }
  for (const [sentence, ...tests] of RUN_BY) {
    assert.ok(statements.some((each) => each.startsWith(sentence)), `it is gone: ${sentence}`);
    for (const [file, words] of tests) {
      const text = await Deno.readTextFile(`${PROJECT}${file}`);
      assert.ok(text.includes(words), `${file} has no test "${words}"`);
    }
  }
});

Deno.test("findStatements() takes sentences and the words of pictures, not code, headings or comments", () => {
  const readme = "# A\n\nOne [of](x.md) `B.`\ntwo. `C` three.\n\n<!-- no\nmatter -->\n\n" +
    '<picture><source srcset="x"><img src="y" alt="A picture"></picture>\n\n![Another](z.svg)\n\n' +
    "```sh\nls # All.\n```\n\n## Words\n\nMore.\n";

  assert.deepEqual(findStatements(readme), [
    ...["One of `B.` two.", "`C` three.", "A picture", "Another"],
  ]);
});

Deno.test("README.md: the picture of a report has as many jobs as its analysis", () => {
  assert.match(README, new RegExp(`alt="A report of ${COUNT_OF_JOBS} jobs: `));
});
