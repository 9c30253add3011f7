import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  CodeRequestSchema,
  ConfirmSchema,
  EmailChangeSchema,
  EndedSchema,
  IdParamsSchema,
  OwnSessionListSchema,
  PasskeyListSchema,
  PasskeyOptionsSchema,
  PasskeyRegisterSchema,
  PasskeySchema,
  type PasskeyView,
  PasswordChangeSchema,
  RecoveryCodesSchema,
  SessionViewSchema,
  TotpSetupSchema,
} from '#protocols';
import { passkeyId } from '../../domain/accounts/own-account-service.ts';
import type { Passkey } from '../../domain/accounts/passkey.ts';
import { ownAccount } from '../access.ts';
import { ownSession } from '../plugins/authentication.ts';
import { clearCookie, deviceOf, giveCookie, rememberDevice } from '../plugins/session-cookie.ts';
import { qrSvg } from '../qr.ts';
import type { ApiServices } from '../services.ts';
import { ownSessionView, sessionView } from '../session-view.ts';

/** What a person who is logged in does with the own session and account. Needs no permission and no Idempotency-Key. */
export const ownAccountRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { devices, factors, login, own, sessions } = services.people;
    const config = ownAccount;
    const tags = ['own account'];

    app.get(
      '/session',
      {
        config,
        schema: { summary: 'Who I am, and what I may do now', tags, response: { 200: SessionViewSchema } },
      },
      async (request, reply) => {
        const session = ownSession(request);
        // A phone that was paired before there was such a cookie, or whose browser forgot it.
        const { known } = deviceOf(request, services);
        if (devices.idOf(known, session.account) === undefined)
          rememberDevice(request, reply, services, session);
        return sessionView(session, services);
      },
    );

    app.delete(
      '/session',
      { config, schema: { summary: 'Log out', tags, response: { 204: Type.Null() } } },
      async (request, reply) => {
        await login.logout(ownSession(request));
        clearCookie(reply, services);
        // Announcements that were listened to, kept in this browser: the next person who sits here has no business with them.
        void reply.header('clear-site-data', '"cache", "storage"');
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/session/confirm',
      {
        config,
        schema: {
          summary: 'Prove once more who I am, by whatever is sent',
          description: 'A code or a passkey also makes up for the second factor that the session lacks.',
          tags,
          body: ConfirmSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const opened = await login.confirm(ownSession(request), request.body, deviceOf(request, services));
        giveCookie(reply, services, opened);
        rememberDevice(request, reply, services, opened.session);
        return sessionView(opened.session, services);
      },
    );

    app.get(
      '/account/sessions',
      {
        config,
        schema: { summary: 'Where I am logged in', tags, response: { 200: OwnSessionListSchema } },
      },
      async (request) => {
        const current = ownSession(request);
        return { sessions: sessions.of(current.account).map((one) => ownSessionView(one, current)) };
      },
    );

    app.delete(
      '/account/sessions',
      {
        config,
        schema: { summary: 'Log out everywhere else', tags, response: { 200: EndedSchema } },
      },
      async (request) => ({ ended: await own.endOthers(ownSession(request)) }),
    );

    app.delete(
      '/account/sessions/:id',
      {
        config,
        schema: {
          summary: 'Log out there',
          tags,
          params: IdParamsSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await own.endSession(ownSession(request), request.params.id);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/account/password',
      {
        config,
        schema: {
          summary: 'Another password; logs out everywhere else',
          tags,
          body: PasswordChangeSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request, reply) => {
        const { current, password } = request.body;
        const opened = await own.changePassword(
          ownSession(request),
          current,
          password,
          deviceOf(request, services),
        );
        giveCookie(reply, services, opened);
        rememberDevice(request, reply, services, opened.session);
        return sessionView(opened.session, services);
      },
    );

    app.post(
      '/account/email',
      {
        config,
        schema: {
          summary: 'Where notices are mailed to; null: nowhere',
          description:
            'Asks for a proof of who somebody is within the last minutes. The address of before is told.',
          tags,
          body: EmailChangeSchema,
          response: { 200: SessionViewSchema },
        },
      },
      async (request) => {
        await own.changeEmail(ownSession(request), request.body.email);
        return sessionView(ownSession(request), services);
      },
    );

    app.post(
      '/account/totp',
      {
        config,
        schema: {
          summary: 'A new secret for an authenticator app; it counts once a code confirmed it',
          tags,
          response: { 200: TotpSetupSchema },
        },
      },
      async (request) => {
        const { secret, uri } = await own.beginTotp(ownSession(request));
        return { secret, uri, qr: await qrSvg(uri) };
      },
    );

    const withCode = {
      '/account/totp/confirm': ['The first code of the app: gives the recovery codes, once', 'confirmTotp'],
      '/account/totp/recovery-codes': ['New recovery codes instead of the old ones', 'newRecoveryCodes'],
    } as const;
    for (const [path, [summary, act]] of Object.entries(withCode))
      app.post(
        path,
        {
          config,
          schema: { summary, tags, body: CodeRequestSchema, response: { 200: RecoveryCodesSchema } },
        },
        async (request) => ({ recoveryCodes: await own[act](ownSession(request), request.body.code) }),
      );

    app.post(
      '/account/totp/remove',
      {
        config,
        schema: {
          summary: 'Do without the authenticator app',
          tags,
          body: CodeRequestSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await own.removeTotp(ownSession(request), request.body.code);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/account/passkeys',
      { config, schema: { summary: 'My passkeys', tags, response: { 200: PasskeyListSchema } } },
      async (request) => ({
        passkeys: factors.passkeysOf(ownSession(request).account).map(passkeyView),
      }),
    );

    app.post(
      '/account/passkeys/options',
      {
        config,
        schema: {
          summary: 'What a browser needs to make a passkey',
          tags,
          response: { 200: PasskeyOptionsSchema },
        },
      },
      async (request) => ({ publicKey: { ...(await own.passkeyOptions(ownSession(request))) } }),
    );

    app.post(
      '/account/passkeys',
      {
        config,
        schema: {
          summary: 'Register a passkey',
          tags,
          body: PasskeyRegisterSchema,
          response: { 201: PasskeySchema },
        },
      },
      async (request, reply) => {
        const { name, response } = request.body;
        const passkey = await own.addPasskey(ownSession(request), name, response);
        return reply.code(201).send(passkeyView(passkey));
      },
    );

    app.delete(
      '/account/passkeys/:id',
      {
        config,
        schema: {
          summary: 'Remove a passkey',
          tags,
          params: IdParamsSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await own.removePasskey(ownSession(request), request.params.id);
        return reply.code(204).send(null);
      },
    );
  };

function passkeyView(passkey: Passkey): PasskeyView {
  const { name, createdAt, lastUsedAt } = passkey;
  return { id: passkeyId(passkey), name, createdAt, lastUsedAt };
}
