import { testConformance } from "../conformance/register.ts";

testConformance("real");
