import { testConformance } from "../conformance/register.ts";

testConformance({ kind: "chroot" });
