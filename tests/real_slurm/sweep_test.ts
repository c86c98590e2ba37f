import { testSweeps } from "../support/sweep_cases.ts";

testSweeps("real");
testSweeps("chroot");
