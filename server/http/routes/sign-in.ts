import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  LinkOpenedSchema,
  LinkOpenSchema,
  LinkPairSchema,
  LinkPasswordSchema,
  LoginSchema,
  PasskeyLoginSchema,
  PasskeyOptionsSchema,
  SessionViewSchema,
  SetupSchema,
  type SetupState,
  SetupStateSchema,
} from '#protocols';
import type { OneTimeLink } from '../../domain/accounts/one-time-link.ts';
import type { OpenedSession } from '../../domain/accounts/session-book.ts';
import { toldError } from '../../domain/told-error.ts';
import { anybody } from '../access.ts';
import { deviceOf, giveCookie, rememberDevice, sessionOf } from '../plugins/session-cookie.ts';
import type { ApiServices } from '../services.ts';
import { sessionView } from '../session-view.ts';

/** Getting in: by the first setup, a password, a passkey or a link. What succeeds gives the browser a cookie. */
export const signInRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { login, passkeys, setup } = services.people;
    const tags = ['signing in'];
    /** Whoever gets in leaves the session that the browser had before: nobody looks for it any more. */
    const enter = async (request: FastifyRequest, reply: FastifyReply, opened: OpenedSession) => {
      const before = sessionOf(request, services);
      if (before !== undefined) await login.logout(before);
      giveCookie(reply, services, opened);
      rememberDevice(request, reply, services, opened.session);
      return sessionView(opened.session, services);
    };
    app.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'));

    app.get(
      '/setup',
      {
        config: anybody,
        schema: {
          summary: 'Whether the first administrator is still to be made',
          tags,
          response: { 200: SetupStateSchema },
        },
      },
      async () => {
        const { kind, name } = services.areaDirectory.tree.get(services.backups.areaId);
        const { needed } = setup;
        const undone = needed ? undoneOf(services) : null;
        return { needed, passkeys: passkeys.available, station: { kind, name }, undone };
      },
    );

    app.post(
      '/setup',
      {
        config: anybody,
        schema: {
          summary: 'Make the first administrator, with the secret from the terminal',
          tags,
          body: SetupSchema,
          response: { 201: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const opened = await setup.finish(request.body, deviceOf(request, services));
        return reply.code(201).send(await enter(request, reply, opened));
      },
    );

    app.post(
      '/session',
      {
        config: anybody,
        schema: {
          summary: 'Log in by password, and a code where there is an authenticator app',
          tags,
          body: LoginSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const { name, ...proof } = request.body;
        const opened = await login.login(name, proof, deviceOf(request, services));
        return enter(request, reply, opened);
      },
    );

    app.post(
      '/session/passkey/options',
      {
        config: anybody,
        schema: {
          summary: 'What a browser needs for a passkey: to log in, to pair, or to confirm',
          tags,
          response: { 200: PasskeyOptionsSchema },
        },
      },
      async () => ({ publicKey: { ...(await passkeys.assertionOptions()) } }),
    );

    app.post(
      '/session/passkey',
      {
        config: anybody,
        schema: {
          summary: 'Log in by passkey',
          tags,
          body: PasskeyLoginSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const opened = await login.login(
          null,
          { passkey: request.body.response },
          deviceOf(request, services),
        );
        return enter(request, reply, opened);
      },
    );

    app.post(
      '/links/open',
      {
        config: anybody,
        schema: {
          summary: 'What a link is for, and what it needs; it stays good',
          tags,
          body: LinkOpenSchema,
          response: { 200: LinkOpenedSchema },
        },
      },
      async (request) => {
        const { link, account } = await login.open(request.body.secret);
        const { name, displayName } = account;
        const { kind, expiresAt } = link;
        return { kind, account: { name, displayName }, needs: needsOf(link), expiresAt };
      },
    );

    app.post(
      '/links/password',
      {
        config: anybody,
        schema: {
          summary: 'Choose a password by an invitation or a reset; ends every other session',
          tags,
          body: LinkPasswordSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const { secret, password } = request.body;
        const opened = await login.choosePassword(secret, password, deviceOf(request, services));
        return enter(request, reply, opened);
      },
    );

    app.post(
      '/links/pair',
      {
        config: anybody,
        schema: {
          summary: 'Log a phone in by a QR code',
          description: 'A code that a clerk showed needs the person’s own password or passkey as well.',
          tags,
          body: LinkPairSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const { secret, ...proof } = request.body;
        const opened = await login.pair(secret, proof, deviceOf(request, services));
        return enter(request, reply, opened);
      },
    );
  };

function needsOf({ kind, direct }: OneTimeLink): 'password' | 'proof' | 'nothing' {
  if (kind !== 'pairing') return 'password';
  return direct ? 'nothing' : 'proof';
}

/** Why a restore was undone, as the page shows it. */
function undoneOf({ restoreUndone }: ApiServices): SetupState['undone'] {
  return restoreUndone === null ? null : toldError(restoreUndone);
}
