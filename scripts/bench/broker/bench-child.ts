import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Functions of a child process, by name: one argument and one result each, that JSON can write. */
export type Calls<Api> = { readonly [Name in keyof Api]: (argument: never) => unknown };

interface Question {
  readonly number: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answer {
  readonly number: number;
  readonly result?: unknown;
  readonly failure?: string;
}

/** A process of the bench, with packages as they are built, whose functions are called by message. */
export class BenchChild<Api extends Calls<Api>> {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  #asked = 0;

  private constructor(file: string, parameters: readonly string[]) {
    this.#child = fork(file, parameters, { execArgv: ["--expose-gc", "--import", "tsx"] });
    this.#child.setMaxListeners(0);
    this.#ended = once(this.#child, "exit").then(() => Promise.reject(new Error(`${file} ended.`)));
    this.#ended.catch(() => undefined);
  }

  /** Started, and ready to be asked. */
  static async start<Api extends Calls<Api>>(file: string, ...parameters: readonly string[]): Promise<BenchChild<Api>> {
    const child = new BenchChild<Api>(file, parameters);
    await Promise.race([once(child.#child, "message"), child.#ended]);
    return child;
  }

  async call<Name extends keyof Api & string>(name: Name, argument: Parameters<Api[Name]>[0]): Promise<Awaited<ReturnType<Api[Name]>>> {
    const question: Question = { number: ++this.#asked, name, argument };
    this.#child.send(question);
    for (;;) {
      const [message] = (await Promise.race([once(this.#child, "message"), this.#ended])) as [Answer];
      if (message.number !== question.number) continue;
      if (message.failure !== undefined) throw new Error(message.failure);
      return message.result as Awaited<ReturnType<Api[Name]>>;
    }
  }

  async end(): Promise<void> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}

/** In the child: answers calls until the parent is gone. */
export function answerCalls<Api extends Calls<Api>>(api: Api): void {
  const byName = new Map<string, (argument: never) => unknown>(Object.entries(api));
  const answer = async ({ number, name, argument }: Question): Promise<Answer> => {
    try {
      return { number, result: await byName.get(name)?.(argument as never) };
    } catch (error) {
      return { number, failure: error instanceof Error ? error.message : String(error) };
    }
  };
  process.on("message", (question: Question) => void answer(question).then((message) => process.send?.(message)));
  process.on("disconnect", () => process.exit());
  process.send?.("ready");
}
