import assert from "node:assert/strict";
import { placesOfScript } from "../../src/slurm/script_places.ts";

const PATH = "/bin:bin::/opt/bin";

const CASES: readonly [name: string, chdir: string | undefined, places: readonly string[]][] = [
  ["job.sh", undefined, ["/ds/job.sh", "/bin/job.sh", "/opt/bin/job.sh"]],
  ["job.sh", "sub", ["/ds/sub/job.sh", "/bin/job.sh", "/opt/bin/job.sh", "/ds/job.sh"]],
  ["in/job.sh", "/x", ["/x/in/job.sh", "/bin/in/job.sh", "/opt/bin/in/job.sh", "/ds/in/job.sh"]],
  ["./job.sh", "sub", ["/ds/job.sh"]],
  ["../job.sh", "sub", ["/job.sh"]],
  ["/data/job.sh", "sub", ["/data/job.sh"]],
];

for (const [name, chdir, places] of CASES) {
  Deno.test(`placesOfScript() of ${name} ${chdir === undefined ? "" : `with -D ${chdir}`}`, () => {
    assert.deepEqual(placesOfScript(name, { directory: "/ds", chdir, path: PATH }), places);
  });
}
