import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../src/base/clock.js';
import {
  BelongsTo,
  Entity,
  Field,
  HasMany,
  Model,
  NotFoundError,
  SchemaError,
  withTenant,
} from '../../../src/orm/index.js';
import type { Backend } from './backend.js';
import { withDatabase } from './suite.js';

@Entity({ table: 'past_teams' })
class Team extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'string', references: () => Team }) parentId!: string | null;
  @BelongsTo('parentId') parent?: Team | null;
  @HasMany(() => Player, 'teamId') players?: Player[];
  @HasMany(() => Ticket, 'teamId') tickets?: Ticket[];
  @HasMany(() => Chant, 'teamId') chants?: Chant[];
  @HasMany(() => Score, 'teamId') scores?: Score[];
}

@Entity({ table: 'past_players' })
class Player extends Model {
  @Field({ type: 'string', nullable: false }) name!: string;
  @Field({ type: 'integer', default: 0 }) goals!: number;
  @Field({ type: 'string', references: () => Team }) teamId!: string | null;
  @BelongsTo('teamId') team?: Team | null;
}

@Entity({ table: 'past_tickets', tenant: 'site' })
class Ticket extends Model {
  @Field({ type: 'string', nullable: false }) site!: string;
  @Field({ type: 'string', references: () => Team }) teamId!: string | null;
}

@Entity({ table: 'past_chants', history: false })
class Chant extends Model {
  @Field({ type: 'string', references: () => Team }) teamId!: string | null;
}

@Entity({ table: 'past_scores', historyRetention: { keepLast: 1 } })
class Score extends Model {
  @Field({ type: 'string', references: () => Team }) teamId!: string | null;
  @Field({ type: 'integer', default: 0 }) points!: number;
}

export function describePastRelations(backend: Backend): void {
  describe('relations of the past', () => {
    const clock = new FakeClock();
    const db = withDatabase(backend, { clock, entities: [Team, Player, Ticket, Chant, Score] });
    const moment = (): Date => {
      clock.advance(10);
      const now = new Date(clock.now());
      clock.advance(10);
      return now;
    };
    const names = (players: readonly Player[] | undefined): string[] => (players ?? []).map(({ name }) => name).sort();

    it('are what they were: rows that moved, changed, came, were hidden or are gone', async () => {
      const [red, blue] = (await Team.saveMany([{ name: 'red' }, { name: 'blue' }])) as [Team, Team];
      const of = (name: string) => Player.save({ name, teamId: red.id });
      const [ann, ben, cid, dan] = [await of('ann'), await of('ben'), await of('cid'), await of('dan')];
      const first = moment();
      await Player.update(ann.id, { teamId: blue.id, goals: 3 });
      await Player.softDelete(cid.id);
      await Player.delete(dan.id);
      await of('eve');
      await Team.update(red.id, { name: 'crimson' });
      const second = moment();
      await Player.update(ben.id, { teamId: null });

      const include = { players: true } as const;
      const at = async (when: Date, id: string) => (await Team.asOf(when).get(id, { include }))?.players;
      expect(names(await at(first, red.id))).toEqual(['ann', 'ben', 'cid', 'dan']);
      expect(names(await at(first, blue.id))).toEqual([]);
      expect(names(await at(second, red.id))).toEqual(['ben', 'eve']);
      expect((await at(second, blue.id))?.[0]).toMatchObject({ name: 'ann', goals: 3, version: 2 });
      const seen = (when: Date) =>
        Player.asOf(when).findOne({ where: { id: ann.id }, include: { team: { select: ['name'] } } });
      expect(await seen(first)).toMatchObject({ goals: 0, team: { name: 'red' } });
      expect(await seen(second)).toMatchObject({ goals: 3, team: { name: 'blue' } });
      const [player] = await Player.asOf(second).find({ where: { id: ben.id }, include: { team: { include } } });
      expect(player?.team?.name).toBe('crimson');
      expect(names(player?.team?.players)).toEqual(['ben', 'eve']);
      const all = { players: { includeDeleted: true } };
      expect(names((await Team.asOf(second).get(red.id, { include: all }))?.players)).toEqual(['ben', 'cid', 'eve']);
    });

    it('take filters, an order and a limit for each row, on pages as well', async () => {
      const teams = await Team.saveMany(['f1', 'f2', 'f3'].map((name) => ({ name })));
      for (const { id, name } of teams)
        await Player.saveMany([1, 2, 3, 4].map((goals) => ({ name: `${name} ${goals}`, goals, teamId: id })));
      const then = moment();
      await Player.updateMany({ name: { startsWith: 'f' } }, { goals: 9 });
      const include = { players: { where: { goals: { lt: 4 } }, orderBy: { goals: 'desc' }, limit: 2 } } as const;
      const page = await Team.asOf(then).findPage({
        where: { name: { startsWith: 'f' } },
        orderBy: 'name',
        limit: 2,
        include,
      });
      expect(page.items.map(({ players }) => players.map(({ name }) => name))).toEqual([
        ['f1 3', 'f1 2'],
        ['f2 3', 'f2 2'],
      ]);
    });

    it('stay inside the tenant', async () => {
      const team = await Team.save({ name: 'tenants' });
      const mine = await withTenant('mine', () => Ticket.save({ teamId: team.id }));
      await withTenant('theirs', () => Ticket.save({ teamId: team.id }));
      const then = moment();
      const include = { tickets: true } as const;
      const found = await withTenant('mine', () => Team.asOf(then).get(team.id, { include }));
      expect(found?.tickets.map(({ id }) => id)).toEqual([mine.id]);
      await expect(Team.asOf(then).get(team.id, { include })).rejects.toMatchObject({ code: 'E_TENANT' });
    });

    it('are refused where the other entity keeps no history, or no more of it', async () => {
      const parent = await Team.save({ name: 'refused' });
      const team = await Team.save({ name: 'child', parentId: parent.id });
      const score = await Score.save({ teamId: team.id, points: 1 });
      const then = moment();
      expect((await Team.asOf(then).get(team.id, { include: { scores: true } }))?.scores).toMatchObject([
        { points: 1 },
      ]);
      await expect(Team.asOf(then).find({ include: { chants: true } })).rejects.toThrow(SchemaError);
      await expect(Team.asOf(then).find({ include: { chants: true } })).rejects.toThrow(/Chant keeps no history/);
      await Score.update(score.id, { points: 2 });
      await db().pruneHistory();
      const lost = /Score as of .* is not known: older versions were not kept/;
      await expect(Team.asOf(then).find({ include: { scores: true } })).rejects.toThrow(lost);
      await expect(Team.asOf(then).get(team.id, { include: { scores: true } })).rejects.toThrow(NotFoundError);
      await expect(
        Team.asOf(then).get(team.id, { include: { parent: { include: { scores: true } } } }),
      ).rejects.toThrow(lost);
      await db().execute('UPDATE past_teams_history SET version = 5 WHERE id = ?', [parent.id]);
      await db().execute('UPDATE past_teams_history SET history_timestamp = ? WHERE id = ?', [
        new Date(clock.now() + 1000),
        parent.id,
      ]);
      await expect(Team.asOf(then).get(team.id, { include: { parent: true } })).rejects.toThrow(/Team as of/);
      expect(await Team.asOf(then).get(team.id)).toMatchObject({ name: 'child' });
    });
  });
}
