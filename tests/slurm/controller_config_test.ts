import assert from "node:assert/strict";
import { numberOfSetting, parseControllerConfig } from "../../src/slurm/controller_config.ts";

const PRINTED = `a banner of the site
Configuration data as of 2026-11-28T23:40:31
AccountingStorageEnforce = associations,limits
AccountingStorageType   = accounting_storage/slurmdbd
FederationParameters    = (null)
JobCompUser             = N/A
MinJobAge               = 300 sec
MaxArraySize            = 1001
PowerPlugin             = 
SlurmctldHost[0]        = vm(127.0.0.1)

Slurmctld(primary) at vm is UP
Slurmctld(backup) at vm2 is DOWN
`;

Deno.test("parseControllerConfig() settings with values, the controller's clock, its daemons", () => {
  const config = parseControllerConfig(PRINTED);

  assert.equal(config.atS, Date.UTC(2026, 10, 28, 23, 40, 31) / 1000);
  assert.deepEqual(Object.fromEntries(config.values), {
    AccountingStorageEnforce: "associations,limits",
    AccountingStorageType: "accounting_storage/slurmdbd",
    MinJobAge: "300 sec",
    MaxArraySize: "1001",
    "SlurmctldHost[0]": "vm(127.0.0.1)",
  });
  assert.deepEqual(config.daemons, [
    { role: "primary", host: "vm", isUp: true },
    { role: "backup", host: "vm2", isUp: false },
  ]);
});

Deno.test("parseControllerConfig() nothing that it knows → nothing", () => {
  assert.deepEqual(parseControllerConfig("no\n"), { atS: null, values: new Map(), daemons: [] });
});

Deno.test("numberOfSetting() with and without unit; what is none is undefined", () => {
  const config = parseControllerConfig(PRINTED);

  assert.equal(numberOfSetting(config, "MinJobAge"), 300);
  assert.equal(numberOfSetting(config, "MaxArraySize"), 1001);
  assert.equal(numberOfSetting(config, "AccountingStorageType"), undefined);
  assert.equal(numberOfSetting(config, "MaxJobCount"), undefined);
});
