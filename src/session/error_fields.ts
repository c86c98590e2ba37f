import type { UserError } from "../errors.ts";
import type { ResultRecord } from "./result_record.ts";
import { withoutAbsent } from "../jobs/without_absent.ts";

/** What a result tells of an error: what programs test, what people read, and what helps. */
export interface ErrorFields extends Pick<ResultRecord, "detail" | "hint"> {
  /** Code of the error, for programs. */
  readonly errorCode: string;
  /** What could not be done, why, and what was left unchanged. */
  readonly message: string;
}

/** The fields of an error. */
export function fieldsOfError({ code, message, detail, hint }: UserError): ErrorFields {
  return withoutAbsent({ errorCode: code, message, detail, hint });
}
