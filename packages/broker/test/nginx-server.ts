import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureProgram } from "../../../scripts/install-program.ts";
import { freePort } from "./free-port.ts";
import { ProxyServer } from "./proxy-server.ts";

const GUIDE = readFileSync(new URL("../../../docs/guides/hosting.md", import.meta.url), "utf8");

/** A real nginx with the settings of the hosting guide, on a plain port of the loopback, in one process for its connections. */
export class NginxServer extends ProxyServer {
  /** `brokerPort`: of this machine. */
  static async start(brokerPort: number): Promise<NginxServer> {
    const program = ensureProgram({ names: ["nginx"], setting: "NGINX_PATH", debianPackage: "nginx-light" });
    const folder = mkdtempSync(join(tmpdir(), "rollcall-nginx-"));
    const port = await freePort();
    const [main = "", server = ""] = [...GUIDE.matchAll(/^```nginx\n([^]*?)^```$/gm)].map(([, text = ""]) => text);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder};`);
    const config = join(folder, "nginx.conf");
    const location = server.replace("127.0.0.1:9000", `127.0.0.1:${brokerPort}`);
    const paths = `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;`;
    writeFileSync(
      config,
      `${paths}\n${main}\nhttp { access_log ${folder}/access.log; ${temporary.join(" ")}\nserver { listen 127.0.0.1:${port};\n${location} } }\n`,
    );
    const child = spawn(program, ["-p", folder, "-e", join(folder, "error.log"), "-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr?.on("data", (data: Buffer) => (said += data.toString()));
    while (!(await answers(port))) if (child.exitCode !== null) throw new Error(said);
    return new NginxServer(child, folder, port);
  }

  /** What it wrote of requests, and of what went wrong. */
  get logs(): string {
    return ["access.log", "error.log"].map((name) => readFileSync(join(this.folder, name), "utf8")).join("");
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const isUp = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isUp;
}
