import { testConformance } from "./register.ts";

testConformance("fake");
