import assert from "node:assert/strict";
import { useContainer } from "../../../src/commands/schedule/use_container.ts";
import type { ScheduleOptions } from "../../../src/commands/schedule/schedule_options.ts";
import { openDataset } from "../../../src/datalad/dataset.ts";
import { requirePlace } from "../../../src/submit/command_place.ts";
import { TestRepository } from "../../support/test_repository.ts";

/** What becomes of a command in `sub` with the image at `image`. */
async function using(image: string, command: readonly string[]) {
  await using repository = await TestRepository.create({
    ".datalad/config": `[datalad "containers.fit"]\n\timage = "${image}"\n`,
    "sub/a": "",
    [image]: "",
  });
  const dataset = await openDataset(repository.runner, repository.root, undefined);
  const place = await requirePlace(dataset, repository.at("sub"), undefined, repository.root);
  const options = { command, extraInput: ["own"], container: "fit" } as unknown as ScheduleOptions;
  return await useContainer(options, dataset, place, null);
}

Deno.test("useContainer() has the image as an extra input, and in the command where that says so", async () => {
  const { extraInput, command } = await using("env/fit.sif", [
    "sbatch",
    "a b",
    "{container}",
    "{inputs}",
  ]);

  assert.deepEqual(extraInput, ["own", "../env/fit.sif"]);
  assert.deepEqual(command, ["sbatch", "a b", "../env/fit.sif", "{inputs}"]);
});

Deno.test("useContainer() leaves a command alone that does not say so", async () => {
  const words = ["--", "sbatch job.sh {{container}} {inputs}"];

  const { extraInput, command } = await using("env/fit.sif", words);

  assert.deepEqual(extraInput, ["own", "../env/fit.sif"]);
  assert.equal(command, words);
});

Deno.test("useContainer() never has the image's name read as code, as an option or as a pattern", async () => {
  const evil = "env/$(reboot) {x}";

  const { extraInput, command } = await using(evil, ["sbatch --wrap 'run {container}; {outputs}'"]);

  assert.deepEqual(extraInput, ["own", "../env/$(reboot) {{x}}"]);
  assert.deepEqual(command, [
    `sbatch --wrap 'run '"'"'../env/$(reboot) {{x}}'"'"'; {outputs}'`,
  ]);
  await assert.rejects(() => using(evil, ["sbatch `echo {container}`"]), {
    code: "UNSAFE_PLACEHOLDER",
  });
});
