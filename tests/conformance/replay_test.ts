import { VERSIONS } from "../recordings/slurm_recordings.ts";
import { testConformance } from "./register.ts";

for (const version of VERSIONS) testConformance({ kind: "replay", version });
