import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, writeFileAtomic } from '#kit';
import { type Provisioning, rehomeCodec, rehomes, verifyDocument } from '#protocols';
import { errorText, type Log } from '../log.ts';
import { AssignmentStore } from '../state/assignment-store.ts';
import { KeyStore } from '../state/key-store.ts';
import { readHome } from './home-file.ts';
import { HANDED_OVER } from './home-mover.ts';

export interface HandOverOptions {
  /** The document, as it was brought here. */
  readonly file: string;
  readonly dataFolder: string;
  readonly enrolled: Provisioning;
  readonly clock: Clock;
  readonly log: Log;
}

/** Puts a document that was brought by hand where the next start finds it, if it proves itself. Resolves with the sentence of success; rejects with one of failure. */
export async function handOver({ file, dataFolder, enrolled, clock, log }: HandOverOptions): Promise<string> {
  const document = (await readFile(file, 'latin1')).trim();
  const { provisioning, folder } = await readHome(dataFolder, enrolled);
  const { speakerId, rootKeys, statement } = provisioning;
  const keys = new KeyStore({ folder, rootKeys, statement, log });
  await keys.load(clock.now());
  const assignments = new AssignmentStore({ folder, speakerId, log });
  await assignments.load(keys.ring, clock.now());
  try {
    const { payload } = await verifyDocument('rehome', document, keys.ring);
    const rehome = rehomeCodec.parse(payload);
    const areas = assignments.held?.assignment.areas ?? [];
    if (!rehomes(rehome, speakerId, areas))
      throw new Error(`văn bản này không nói đến cụm loa "${speakerId}"`);
    await writeFileAtomic(join(dataFolder, HANDED_OVER), `${document}\n`, 0o600);
    return `Đã nhận văn bản chuyển cụm loa "${speakerId}" sang ${rehome.home.url}. Hãy chạy lại chương trình; cụm loa chỉ rời nơi cũ khi nơi mới đã nhận nó.`;
  } catch (error) {
    throw new Error(
      `Không nhận văn bản trong ${file}: ${errorText(error)}. Cần văn bản do khóa gốc của máy chủ đang dùng ký (npm run keys -- rehome … --document TỆP).`,
      { cause: error },
    );
  }
}
