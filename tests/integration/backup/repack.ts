import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { armor, Decrypter, Encrypter, identityToRecipient } from 'age-encryption';
import { extract, pack } from 'tar-stream';
import { sha256 } from '#protocols';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Files of a tar, by name. */
export type Entries = Map<string, Buffer>;

/**
 * A backup whose content somebody changed and encrypted again for the same sheet: for that the public half of its key is enough, which lies in
 * the settings of the box. Only to read what was in it the test needs the passphrase. Gives the path of the new file.
 */
export async function repacked(
  file: string,
  passphrase: string,
  change: (entries: Entries) => void | Promise<void>,
): Promise<string> {
  const { outer, identity } = await openedOf(file, passphrase);
  const opened = new Decrypter();
  opened.addIdentity(identity);
  const inner = await untar(
    Readable.from([Buffer.from(await opened.decrypt(outer.get('backup.tar.age') ?? Buffer.alloc(0)))]),
  );
  await change(inner);
  const sealed = new Encrypter();
  sealed.addRecipient(await identityToRecipient(identity));
  outer.set('backup.tar.age', Buffer.from(await sealed.encrypt(await tarOf(inner))));
  const path = join(tempDir('repacked'), basename(file));
  await writeFile(path, await tarOf(outer));
  return path;
}

/** What the box holds of the sheet that opens a backup, to make others with. */
export async function sheetKeyOf(file: string, passphrase: string) {
  const { outer, identity } = await openedOf(file, passphrase);
  return { recipient: await identityToRecipient(identity), keyFile: outer.get('key.age')?.toString() ?? '' };
}

/** A backup as an earlier version made it: no signature, and a sheet that names no root key. */
export async function ofEarlierVersion(file: string, passphrase: string): Promise<string> {
  const unsigned = await repacked(file, passphrase, asBefore);
  const { outer, identity } = await openedOf(unsigned, passphrase);
  const sheet = new Encrypter();
  sheet.setPassphrase(passphrase);
  sheet.setScryptWorkFactor(15);
  outer.set('key.age', Buffer.from(armor.encode(await sheet.encrypt(`${identity}\n`))));
  await writeFile(unsigned, await tarOf(outer));
  return unsigned;
}

/** The outer file with these entries, in this order, each as often as it stands there. */
export async function withEntries(
  file: string,
  choose: (outer: Entries) => readonly (readonly [name: string, content: Buffer])[],
): Promise<string> {
  const tar = pack();
  for (const [name, content] of choose(await untar(createReadStream(file)))) tar.entry({ name }, content);
  tar.finalize();
  const path = join(tempDir('entries'), basename(file));
  await writeFile(path, await buffer(tar));
  return path;
}

async function openedOf(file: string, passphrase: string) {
  const outer = await untar(createReadStream(file));
  const sheet = new Decrypter();
  sheet.addPassphrase(passphrase);
  const key = await sheet.decrypt(armor.decode(outer.get('key.age')?.toString() ?? ''), 'text');
  return { outer, identity: key.split('\n').find((line) => line.startsWith('AGE-SECRET-KEY')) ?? '' };
}

/** Makes the list say what is there now. */
export function relist(entries: Entries): void {
  const manifest = JSON.parse(entries.get('manifest.json')?.toString() ?? '{}') as object;
  const files = [...entries]
    .filter(([path]) => !path.startsWith('manifest.'))
    .map(([path, content]) => ({ path, bytes: content.length, sha256: sha256(content) }));
  entries.set('manifest.json', Buffer.from(JSON.stringify({ ...manifest, files })));
}

/** The same as an earlier version made it: nobody signed, and the list said less. */
function asBefore(entries: Entries): void {
  entries.delete('manifest.jws');
  const { place, speakers, publicUrl, ...before } = JSON.parse(
    entries.get('manifest.json')?.toString() ?? '{}',
  ) as Record<string, unknown>;
  entries.set('manifest.json', Buffer.from(JSON.stringify(before)));
}

async function untar(source: Readable): Promise<Entries> {
  const entries: Entries = new Map();
  const tar = source.pipe(extract());
  for await (const entry of tar) entries.set(entry.header.name, await buffer(entry));
  return entries;
}

async function tarOf(entries: Entries): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of entries) tar.entry({ name, mode: 0o600 }, content);
  tar.finalize();
  return buffer(tar);
}
