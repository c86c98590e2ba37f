import assert from "node:assert/strict";
import { createAnalysis, repeatStep } from "../../provenance/analysis.ts";

Deno.test("e2e: compare → what differs is marked, outputs by what they hold", async () => {
  await using world = await createAnalysis();
  await world.write("job.sh", "#!/bin/sh\necho other\n");
  await world.write("clean/obs.txt", "1\n2\n");
  await world.git("commit", "-q", "-a", "-m", "Edit");
  await repeatStep(world, "2", { "fit/n.txt": "2\n", "fit/when.txt": "at 10:00\n" });

  const { stdout } = await world.must("compare", "2", "4");
  const record = JSON.parse((await world.must("-f", "json", "compare", "2", "HEAD")).stdout);
  const same = await world.must("compare", "2", "2");

  const lines = stdout.split("\n").map((line) => line.replace(/ +/g, " "));
  assert.match(lines[0]!, /job 2 [0-9a-f]{10} job 4 [0-9a-f]{10}$/);
  assert.ok(lines.includes(" command sbatch job.sh sbatch job.sh"), stdout);
  assert.match(stdout, /^≠ +script job\.sh +[0-9a-f]{10} +[0-9a-f]{10}$/m);
  assert.match(stdout, /^≠ +input clean\/obs\.txt /m);
  assert.match(stdout, /^≠ +outputs +1 differs \(fit\/n\.txt\), 1 identical$/m);
  assert.deepEqual(
    record.differences.map(({ what }: { what: string }) => what),
    ["script job.sh", "input clean/obs.txt"],
  );
  assert.deepEqual(record.reproduces.differs, ["fit/n.txt"]);
  assert.doesNotMatch(same.stdout, /≠/);
});

Deno.test("e2e: compare of what is not recorded → exit status 1, which one", async () => {
  await using world = await createAnalysis();
  await world.schedule("open");

  for (const name of ["4", "99", "HEAD~3", "nonsense"]) {
    const { code, stderr } = await world.dlslurm("compare", "1", name);
    assert.equal(code, 1, name);
    assert.match(stderr, new RegExp(`Cannot compare "${name}": it is no recorded job`));
  }
  assert.equal((await world.dlslurm("compare", "1")).code, 2);
});
