import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, writeFileAtomic } from '#kit';
import type { AuditHeadsConfig } from '../config/audit-heads.ts';
import type { HeadPlace } from '../domain/audit/head-delivery.ts';
import { headText } from '../domain/audit/head-text.ts';
import type { Mailer } from '../domain/mail/outgoing-mail.ts';
import { AnsweringFolders } from '../storage/backup/index.ts';

/** What the controller is of: "xã Tân An". */
type Place = () => { readonly areaId: string; readonly name: string };

/** The places that the operator named. */
export function headPlaces(
  { folder, mailTo }: AuditHeadsConfig,
  mailer: Mailer | null,
  place: Place,
  clock: Clock,
): HeadPlace[] {
  return [
    ...(folder === null ? [] : [folderPlace(folder, place, clock)]),
    ...(mailer === null || mailTo.length === 0 ? [] : [mailPlace(mailer, mailTo, place)]),
  ];
}

/**
 * One text file for each head; after a restore another head may bear the number of one that is here, and both stay. The folder is not made: a share or a stick that is not there must not be
 * mistaken for one that is; and one that does not answer holds up nothing.
 */
function folderPlace(folder: string, place: Place, clock: Clock): HeadPlace {
  const answering = new AnsweringFolders({ clock });
  return {
    name: 'folder',
    send: (head) =>
      answering.ask(folder, async () => {
        await access(folder);
        const { areaId, name } = place();
        const file = `loa-lang-audit-${areaId}-${String(head.n).padStart(6, '0')}-${head.day}-${head.hash.slice(0, 8)}.txt`;
        await writeFileAtomic(join(folder, file), headText(head, name));
      }),
  };
}

function mailPlace(mailer: Mailer, to: readonly string[], place: Place): HeadPlace {
  return {
    name: 'mail',
    send: async (head) => {
      const { name } = place();
      await mailer.send({
        to,
        subject: `Đầu nhật ký số ${head.n}, ngày ${head.day} – ${name}`,
        text: headText(head, name),
        // The same head is the same message, however often it was tried.
        messageId: `loa-audit-${head.n}-${head.hash.slice(0, 16)}@loa-lang`,
        at: head.issuedAt,
      });
    },
  };
}
