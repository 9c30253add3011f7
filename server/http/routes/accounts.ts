import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import {
  AccountChangeSchema,
  AccountCreatedSchema,
  AccountCreateSchema,
  AccountListQuerySchema,
  AccountListSchema,
  AccountParamsSchema,
  AccountReasonSchema,
  AccountResetSchema,
  AccountSchema,
  codec,
  IdempotencyHeadersSchema,
  IdSchema,
  LinkSchema,
  type LinkView,
  PairingParamsSchema,
  PairingStateSchema,
} from '#protocols';
import type { Actor } from '../../domain/accounts/actor.ts';
import type { IssuedLink } from '../../domain/accounts/link-service.ts';
import { isOpen } from '../../domain/accounts/one-time-link.ts';
import type { Transaction } from '../../domain/unit-of-work.ts';
import { permission } from '../access.ts';
import { act } from '../act.ts';
import { actorOf } from '../plugins/authentication.ts';
import { qrSvg } from '../qr.ts';
import type { ApiServices } from '../services.ts';

/** What is kept of an answer with a link: its secret is not. */
const keptLinkCodec = codec('kept answer', Type.Object({ id: IdSchema }));

/** People, as their administrators manage them. */
export const accountRoutes =
  (services: ApiServices): FastifyPluginAsyncTypebox =>
  async (app) => {
    const { clock, people } = services;
    const { accounts, directory, links } = people;
    const tags = ['accounts'];
    const headers = IdempotencyHeadersSchema;
    const params = AccountParamsSchema;

    app.get(
      '/accounts',
      {
        config: permission('account:read'),
        schema: {
          summary: 'People of the actor’s areas',
          tags,
          querystring: AccountListQuerySchema,
          response: { 200: AccountListSchema },
        },
      },
      async (request) => {
        const { area, deactivated = false } = request.query;
        return { accounts: accounts.list(actorOf(request), area, deactivated) };
      },
    );

    app.get(
      '/accounts/:name',
      {
        config: permission('account:read'),
        schema: { summary: 'One person', tags, params, response: { 200: AccountSchema } },
      },
      async (request) => accounts.get(actorOf(request), request.params.name),
    );

    app.post(
      '/accounts',
      {
        config: permission('account:write'),
        schema: {
          summary: 'A new person, with an invitation that is shown this once',
          tags,
          headers,
          body: AccountCreateSchema,
          response: { 201: AccountCreatedSchema },
        },
      },
      (request, reply) =>
        act(
          services,
          request,
          reply,
          async (tx, actor) => {
            const { account, issued } = await accounts.create(tx, actor, request.body);
            const body = { account: accounts.view(actor, account), link: await linkView(issued) };
            return { status: 201, body, stored: { id: issued.link.id } };
          },
          {
            replay: async (tx, kept) => {
              const { name } = request.body;
              const actor = actorOf(request);
              const account = accounts.get(actor, name);
              await links.stillUnused(tx, keptLinkCodec.check(kept).id);
              const issued = await accounts.inviteAgain(tx, actor, name);
              return { account, link: await linkView(issued) };
            },
          },
        ),
    );

    app.patch(
      '/accounts/:name',
      {
        config: permission('account:write'),
        schema: {
          summary: 'Another display name, mail address or other grants; in force at once',
          tags,
          headers,
          params,
          body: AccountChangeSchema,
          response: { 200: AccountSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => ({
          status: 200,
          body: accounts.view(actor, await accounts.change(tx, actor, request.params.name, request.body)),
        })),
    );

    const verbs = [
      ['deactivate', 'End the account, its sessions, links and tokens; the name stays taken'],
      ['reactivate', 'Let a deactivated person in again'],
    ] as const;
    for (const [verb, summary] of verbs)
      app.post(
        `/accounts/:name/${verb}`,
        {
          config: permission('account:write'),
          schema: {
            summary,
            tags,
            headers,
            params: AccountParamsSchema,
            body: AccountReasonSchema,
            response: { 200: AccountSchema },
          },
        },
        (request, reply) =>
          act(services, request, reply, async (tx, actor) => {
            const { name } = request.params;
            const account = await accounts[verb](tx, actor, name, request.body.reason);
            return { status: 200, body: accounts.view(actor, account) };
          }),
      );

    app.post(
      '/accounts/:name/end-sessions',
      {
        config: permission('account:write'),
        schema: {
          summary: 'Log the person out everywhere, and remove the second factors where that is asked for',
          tags,
          headers,
          params: AccountParamsSchema,
          body: AccountResetSchema,
          response: { 200: AccountSchema },
        },
      },
      (request, reply) =>
        act(services, request, reply, async (tx, actor) => {
          const { reason, forgetSecondFactors: forgets = false } = request.body;
          const account = await accounts.endSessions(tx, actor, request.params.name, { reason, forgets });
          const view = accounts.view(actor, account);
          // They go at the commit, which is after this answer was made.
          return { status: 200, body: forgets ? { ...view, totp: false, passkeys: 0 } : view };
        }),
    );

    /** An act whose answer is a link; asked for again, it gives another one as long as the first was not used. */
    const withLink = (make: (tx: Transaction, actor: Actor) => Promise<IssuedLink>) => ({
      work: async (tx: Transaction, actor: Actor) => {
        const issued = await make(tx, actor);
        return { status: 201, body: await linkView(issued), stored: { id: issued.link.id } };
      },
      replay: (actor: Actor) => async (tx: Transaction, kept: unknown) => {
        await links.stillUnused(tx, keptLinkCodec.check(kept).id);
        return linkView(await make(tx, actor));
      },
    });

    app.post(
      '/accounts/:name/reset',
      {
        config: permission('account:write'),
        schema: {
          summary: 'A link by which the person chooses another password, shown this once',
          tags,
          headers,
          params,
          body: AccountResetSchema,
          response: { 201: LinkSchema },
        },
      },
      (request, reply) => {
        const { reason, forgetSecondFactors: forgets = false } = request.body;
        const { work, replay } = withLink((tx, actor) =>
          accounts.reset(tx, actor, request.params.name, { reason, forgets }),
        );
        return act(services, request, reply, work, { replay: replay(actorOf(request)) });
      },
    );

    app.post(
      '/accounts/:name/pairing',
      {
        config: permission('phone:pair'),
        schema: {
          summary: 'A QR code that logs the person’s phone in, shown this once',
          description: 'Made by an administrator of the person it needs no password.',
          tags,
          headers,
          params,
          response: { 201: LinkSchema },
        },
      },
      (request, reply) => {
        const { work, replay } = withLink((tx, actor) => accounts.pair(tx, actor, request.params.name));
        return act(services, request, reply, work, { replay: replay(actorOf(request)) });
      },
    );

    app.get(
      '/accounts/:name/pairing/:id',
      {
        config: permission('phone:pair'),
        schema: {
          summary: 'Whether the phone has come',
          tags,
          params: PairingParamsSchema,
          response: { 200: PairingStateSchema },
        },
      },
      async (request) => {
        const { name, id } = request.params;
        const link = await accounts.pairing(actorOf(request), directory.get(name).name, id);
        const waiting = isOpen(link, clock.now()) ? ('waiting' as const) : ('expired' as const);
        const state = link.used ? ('used' as const) : waiting;
        return { id, person: directory.calledBy(name), state, expiresAt: link.expiresAt };
      },
    );
  };

async function linkView({ link, url }: IssuedLink): Promise<LinkView> {
  const { id, kind, expiresAt, direct } = link;
  return { id, kind, url, qr: await qrSvg(url), expiresAt, direct };
}
