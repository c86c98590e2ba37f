import { UserError } from "../../errors.ts";
import { ProgramNotFoundError } from "../../process/runner.ts";
import type { FixturesContext } from "../context.ts";
import { namesOf } from "./find_fields.ts";
import type { Finding } from "./kinds.ts";

/** Who records, where: what is to be found in answers without being marked as such. */
export interface RecorderIdentity {
  /** Name of the user. */
  readonly user: string;
  /** Name of the machine. */
  readonly host: string;
  /** Home, as HOME has it. */
  readonly home: string;
  /** The current directory, by each name that it has. */
  readonly work: readonly string[];
  /** User, host, groups and numbers. */
  readonly findings: readonly Finding[];
}

/** Asks the machine who and where we are. */
export async function findIdentity(context: FixturesContext): Promise<RecorderIdentity> {
  const { env, cwd } = context;
  const [user = "", uid = ""] = [await askId(context, "-un"), await askId(context, "-u")];
  const groups = (await askId(context, "-Gn")).split(" ");
  const gids = (await askId(context, "-G")).split(" ");
  const host = Deno.hostname();
  const logical = env.get("PWD");
  const isSame = logical !== undefined && logical.startsWith("/") &&
    await Deno.realPath(logical).catch(() => undefined) === await Deno.realPath(cwd);
  const findings: Finding[] = [
    { kind: "user", name: user },
    { kind: "user", name: env.get("USER") ?? "" },
    ...namesOf("host", host),
    { kind: "uid", name: uid },
    ...groups.map((name) => ({ kind: "group", name }) as const),
    ...gids.map((name) => ({ kind: "gid", name }) as const),
  ];
  return {
    user,
    host,
    home: (env.get("HOME") ?? "").replace(/\/+$/, ""),
    work: [...new Set([cwd, await Deno.realPath(cwd), ...isSame ? [logical] : []])],
    findings: findings.filter(({ name }) => name !== ""),
  };
}

/** @throws {UserError} `FAKE_SLURM` if nobody can be asked: what is not known cannot be replaced. */
async function askId({ runner }: FixturesContext, option: string): Promise<string> {
  const { code, stdout } = await runner.run(["id", option]).catch((error) => {
    if (!(error instanceof ProgramNotFoundError)) throw error;
    throw new UserError(
      "FAKE_SLURM",
      'Cannot tell which names are to be replaced: "id" is not on PATH',
      {
        unchanged: "Nothing was recorded",
        hint: "put the folder of id (coreutils) on PATH",
      },
    );
  });
  // A number without a name in a container: id names what it can and fails.
  return code === 0 ? new TextDecoder().decode(stdout).trim() : "";
}
