import { VERSIONS } from "../support/slurm_fixtures.ts";
import { testConformance } from "./register.ts";

for (const version of VERSIONS) testConformance({ kind: "replay", version });
