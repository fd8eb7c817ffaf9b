import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { crc32 } from "node:zlib";

/** A package index with one package of one module, demo-package 1.0. */
export async function startIndex(): Promise<{ url: string; stop: () => void }> {
  const name = "demo_package-1.0-py3-none-any.whl";
  const wheel = wheelOf("demo_package", "1.0", "value = 42\n");
  const digest = createHash("sha256").update(wheel).digest("hex");
  const server = createServer((request, response) => {
    if (request.url === "/simple/demo-package/") {
      response.setHeader("Content-Type", "text/html");
      response.end(`<!DOCTYPE html><html><body><a href="/files/${name}#sha256=${digest}">${name}</a></body></html>`);
    } else if (request.url === `/files/${name}`) {
      response.end(wheel);
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/simple/`, stop: () => server.close() };
}

function wheelOf(module: string, version: string, code: string): Buffer {
  const info = `${module}-${version}.dist-info`;
  const files: [string, string][] = [
    [`${module}.py`, code], [`${info}/METADATA`, `Metadata-Version: 2.1\nName: ${module.replaceAll("_", "-")}\nVersion: ${version}\n`],
    [`${info}/WHEEL`, "Wheel-Version: 1.0\nGenerator: maestro\nRoot-Is-Purelib: true\nTag: py3-none-any\n"],
  ];
  const record = files.map(([path, text]) => `${path},sha256=${createHash("sha256").update(text).digest("base64url")},${Buffer.byteLength(text)}`);
  return zipOf([...files, [`${info}/RECORD`, [...record, `${info}/RECORD,,`].join("\n") + "\n"]]);
}

/** A zip archive of texts, without compression. */
function zipOf(files: [string, string][]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [path, text] of files) {
    const name = Buffer.from(path);
    const data = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8); // the first of January 1980
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, name, data]);
    const attributes = Buffer.alloc(14);
    attributes.writeUInt32LE((0o100644 << 16) >>> 0, 6);
    attributes.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from("PK\u0001\u0002"), Buffer.from([20, 3]), common, attributes, name]));
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", 0, "latin1");
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listed, end]);
}
