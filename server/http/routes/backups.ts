import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  BackupNoticesSchema,
  BackupSettingsSchema,
  type BackupSheet,
  BackupSheetSchema,
  BackupStartedSchema,
  BackupStateSchema,
  IdempotencyHeadersSchema,
  RetentionSettingsSchema,
  StorageUseSchema,
  strict,
} from '#protocols';
import { authorize } from '../../domain/accounts/actor.ts';
import { newPassphrase } from '../../domain/backup/passphrase.ts';
import { sheetHtml } from '../../domain/backup/sheet.ts';
import { permission } from '../access.ts';
import { act, idempotencyKey } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import type { ApiServices } from '../services.ts';

const tags = ['backups'];

/** Backups of the whole controller, for administrators of its widest area. */
export const backupRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { backups, areaDirectory, storageUse } = services;

    app.get(
      '/backups',
      {
        config: permission('backup:read'),
        schema: {
          summary:
            'Backups: what there is and where, what runs, what comes next, and whether anything has left the box',
          tags,
          response: { 200: BackupStateSchema },
        },
      },
      (request) => backups.state(actorOf(request)),
    );

    app.get(
      '/backups/notices',
      {
        config: permission('backup:read'),
        schema: {
          summary:
            'What stands on every page of the console: no backup has left the box for too long, or loudspeakers look for the address of the machine before',
          tags,
          response: { 200: BackupNoticesSchema },
        },
      },
      (request) => backups.notices(actorOf(request)),
    );

    app.get(
      '/storage',
      {
        config: permission('backup:read'),
        schema: {
          summary:
            'What the controller keeps on its disk and how much room is left; counted at most every five minutes',
          tags,
          response: { 200: StorageUseSchema },
        },
      },
      (request) => storageUse.read(actorOf(request)),
    );

    app.put(
      '/storage/retention',
      {
        config: permission('backup:write'),
        schema: {
          summary: 'How long health reports and audio that nothing names are kept',
          tags,
          headers: IdempotencyHeadersSchema,
          body: RetentionSettingsSchema,
          response: { 200: RetentionSettingsSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => {
          await storageUse.configure(tx, actor, request.body);
          return { status: 200, body: request.body };
        }),
    );

    app.post(
      '/backups',
      {
        config: permission('backup:write'),
        schema: {
          summary: 'Make a backup now; events "backup.progress" and "backup.changed" tell how it goes',
          tags,
          headers: IdempotencyHeadersSchema,
          body: strict({}),
          response: { 202: BackupStartedSchema },
        },
      },
      async (request, reply) => {
        idempotencyKey(request);
        const places = await backups.look(actorOf(request));
        return act(services, request, reply, async (tx, actor) => ({
          status: 202,
          body: await backups.begin(tx, actor, places),
        }));
      },
    );

    app.put(
      '/backups/settings',
      {
        config: permission('backup:write'),
        schema: {
          summary:
            'When, where to, how many are kept, and after how many days without a copy elsewhere an alarm is given',
          tags,
          headers: IdempotencyHeadersSchema,
          body: BackupSettingsSchema,
          response: { 200: BackupSettingsSchema },
        },
      },
      async (request, reply) => {
        idempotencyKey(request);
        const places = await backups.lookAhead(actorOf(request), request.body);
        return act(services, request, reply, async (tx, actor) => {
          await backups.configure(tx, actor, request.body, places);
          return { status: 200, body: request.body };
        });
      },
    );

    app.post(
      '/backups/passphrase',
      {
        config: permission('backup:write'),
        schema: {
          summary:
            'A new passphrase and its sheet to print; shown once. Backups from now on open with this one',
          tags,
          headers: IdempotencyHeadersSchema,
          body: strict({}),
          response: { 201: BackupSheetSchema },
        },
      },
      async (request, reply) => {
        idempotencyKey(request);
        const actor = actorOf(request);
        // Before any work is done for somebody who may not.
        authorize(actor, 'backup:write', backups.areaId, areaDirectory.tree);
        const passphrase = newPassphrase();
        const sealed = await backups.sealKey(passphrase);
        return act<BackupSheet>(
          services,
          request,
          reply,
          async (tx) => {
            const sheet = await backups.adoptSheet(tx, actor, sealed);
            const { kind, name } = areaDirectory.tree.get(backups.areaId);
            const zone = areaDirectory.tree.zoneOf(backups.areaId);
            const { rootKey } = backups;
            const html = sheetHtml({ ...sheet, passphrase, rootKey, place: `${kind} ${name}`, zone });
            void reply.header('cache-control', 'no-store');
            const told = { ...sheet, rootKey };
            return { status: 201, body: { ...told, passphrase, html }, stored: told };
          },
          // What was shown is kept nowhere.
          { replay: async (_tx, kept) => ({ ...(kept as BackupSheet), passphrase: null, html: null }) },
        );
      },
    );
  };
