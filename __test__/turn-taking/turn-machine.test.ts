import test from 'ava'
import type { TurnAction } from '../../src/turn-taking/turn-action.ts'
import type { Spoken, TurnInput } from '../../src/turn-taking/turn-input.ts'
import { TurnMachine, type TurnRules } from '../../src/turn-taking/turn-machine.ts'

const PLAIN: TurnRules = { interrupts: true, judges: false }
const JUDGING: TurnRules = { interrupts: true, judges: true }
const ASKING: TurnRules = { interrupts: 'ask', judges: false }
const DEAF: TurnRules = { interrupts: false, judges: false }

const started: TurnInput = { kind: 'started', at: 1, foundAt: 1.2 }
const pause: Spoken = { kind: 'pause', reason: 'pause', from: 0.6, to: 3, foundAt: 3.5, audio: new Int16Array(3) }
const max: Spoken = { ...pause, reason: 'max' }
const taken: Spoken = { ...pause, reason: 'taken', audio: new Int16Array(2) }
const takenEmpty: Spoken = { ...taken, audio: new Int16Array() }
const over: TurnInput = { kind: 'judged', isOver: true }
const notOver: TurnInput = { kind: 'judged', isOver: false }
const yes: TurnInput = { kind: 'challenged', isInterruption: true }
const no: TurnInput = { kind: 'challenged', isInterruption: false }
const time: TurnInput = { kind: 'time' }
const finished: TurnInput = { kind: 'finished' }
const triggered: TurnInput = { kind: 'triggered' }
const greet: TurnInput = { kind: 'greet' }
const reset: TurnInput = { kind: 'reset' }

/** An action in a word or two. */
function name(action: TurnAction): string {
  if (action.do === 'log') return action.message
  if (action.do === 'hear') return action.mode
  if (action.do === 'reply') return `reply(${action.reason}, ${action.turn.audio.length})`
  return action.do === 'judge' ? `judge(${action.turn.audio.length})` : action.do
}

interface Edge {
  readonly rules: TurnRules
  /** What leads to the state in which the last input is looked at. */
  readonly after: readonly TurnInput[]
  readonly input: TurnInput
  readonly does: readonly string[]
  readonly state: string
}

const replies = (mode: string, reason = 'pause', length = 3): string[] => [
  'pause_detected',
  mode,
  `reply(${reason}, ${length})`,
]
const stops = ['cancel', 'stop', 'tell-interruption', 'none', 'started_talking']

const EDGES: Record<string, Edge> = {
  'somebody speaks': { rules: PLAIN, after: [], input: started, does: ['started_talking'], state: 'talking' },
  'speech that goes on after a silence is no new turn': {
    rules: PLAIN,
    after: [started],
    input: started,
    does: [],
    state: 'talking',
  },
  'a pause is replied to': {
    rules: PLAIN,
    after: [started],
    input: pause,
    does: replies('interruptible'),
    state: 'replying',
  },
  'a pause whose start nobody told is replied to': {
    rules: PLAIN,
    after: [],
    input: pause,
    does: replies('interruptible'),
    state: 'replying',
  },
  'a turn that is too long is replied to while it goes on': {
    rules: PLAIN,
    after: [started],
    input: max,
    does: replies('none', 'max'),
    state: 'replying',
  },
  'a reply that can not be interrupted is deaf': {
    rules: DEAF,
    after: [started],
    input: pause,
    does: replies('deaf'),
    state: 'replying',
  },
  'and so is the one to a turn that is too long': {
    rules: DEAF,
    after: [started],
    input: max,
    does: replies('deaf', 'max'),
    state: 'replying',
  },
  'a reply may ask who interrupts': {
    rules: ASKING,
    after: [started],
    input: pause,
    does: replies('ask'),
    state: 'replying',
  },

  'a turn detector is asked at a pause': {
    rules: JUDGING,
    after: [started],
    input: pause,
    does: ['judge(3)'],
    state: 'judging',
  },
  'but not when the turn is too long': {
    rules: JUDGING,
    after: [started],
    input: max,
    does: replies('none', 'max'),
    state: 'replying',
  },
  'it says that the turn is over': {
    rules: JUDGING,
    after: [started, pause],
    input: over,
    does: replies('interruptible'),
    state: 'replying',
  },
  'it says that the turn is not over': {
    rules: JUDGING,
    after: [started, pause],
    input: notOver,
    does: ['continue', 'wait'],
    state: 'holding',
  },
  'the speaker goes on before it answers': {
    rules: JUDGING,
    after: [started, pause],
    input: started,
    does: ['cancel', 'continue'],
    state: 'talking',
  },
  'the speaker goes on after it answered': {
    rules: JUDGING,
    after: [started, pause, notOver],
    input: started,
    does: ['cancel'],
    state: 'talking',
  },
  'it is asked again at the next pause': {
    rules: JUDGING,
    after: [started, pause, notOver, started],
    input: pause,
    does: ['judge(3)'],
    state: 'judging',
  },
  'nobody goes on': { rules: JUDGING, after: [started, pause, notOver], input: time, does: ['take'], state: 'taking' },
  'and the whole turn is replied to': {
    rules: JUDGING,
    after: [started, pause, notOver, time],
    input: taken,
    does: replies('interruptible', 'pause', 2),
    state: 'replying',
  },
  'even when there was nothing left to take': {
    rules: JUDGING,
    after: [started, pause, notOver, time],
    input: takenEmpty,
    does: replies('interruptible'),
    state: 'replying',
  },
  'an answer that comes too late counts for nothing': {
    rules: JUDGING,
    after: [started, pause, started],
    input: over,
    does: [],
    state: 'talking',
  },

  'the speaker interrupts': { rules: PLAIN, after: [started, pause], input: started, does: stops, state: 'talking' },
  'a reply is over': {
    rules: PLAIN,
    after: [started, pause],
    input: finished,
    does: ['cancel', 'none'],
    state: 'listening',
  },
  'a start that a deaf reply still hears is ignored': {
    rules: DEAF,
    after: [started, pause],
    input: started,
    does: [],
    state: 'replying',
  },
  'a pause over a reply without a start is ignored': {
    rules: PLAIN,
    after: [started, pause],
    input: pause,
    does: [],
    state: 'replying',
  },
  'a deaf reply is over': {
    rules: DEAF,
    after: [started, pause],
    input: finished,
    does: ['cancel', 'none'],
    state: 'listening',
  },

  'the speaker of a turn that was too long goes on': {
    rules: PLAIN,
    after: [started, max],
    input: started,
    does: ['started_talking'],
    state: 'replying',
  },
  'and pauses: the old reply makes room': {
    rules: PLAIN,
    after: [started, max, started],
    input: pause,
    does: ['stop', 'tell-interruption', ...replies('interruptible')],
    state: 'replying',
  },
  'or the reply ends before': {
    rules: PLAIN,
    after: [started, max, started],
    input: finished,
    does: ['cancel', 'none'],
    state: 'talking',
  },

  'speech over a reply may be an interruption': {
    rules: ASKING,
    after: [started, pause],
    input: started,
    does: ['challenge'],
    state: 'replying',
  },
  'it is one': { rules: ASKING, after: [started, pause, started], input: yes, does: stops, state: 'talking' },
  'it is none': { rules: ASKING, after: [started, pause, started], input: no, does: ['ask-again'], state: 'replying' },
  'it goes on, and is asked about again': {
    rules: ASKING,
    after: [started, pause, started, no],
    input: time,
    does: ['challenge'],
    state: 'replying',
  },
  'it has become one': {
    rules: ASKING,
    after: [started, pause, started, no, time],
    input: yes,
    does: stops,
    state: 'talking',
  },
  'what was none ends': {
    rules: ASKING,
    after: [started, pause, started, no],
    input: pause,
    does: ['cancel'],
    state: 'replying',
  },
  'after which the next speech is asked about': {
    rules: ASKING,
    after: [started, pause, started, no, pause],
    input: started,
    does: ['challenge'],
    state: 'replying',
  },
  'it ends before the answer': {
    rules: ASKING,
    after: [started, pause, started],
    input: pause,
    does: [],
    state: 'replying',
  },
  'and was one: it is replied to': {
    rules: ASKING,
    after: [started, pause, started, pause],
    input: yes,
    does: [...stops, ...replies('ask')],
    state: 'replying',
  },
  'and was none: the reply goes on': {
    rules: ASKING,
    after: [started, pause, started, pause],
    input: no,
    does: [],
    state: 'replying',
  },
  'the reply ends before the answer: it is the next turn': {
    rules: ASKING,
    after: [started, pause, started],
    input: finished,
    does: ['cancel', 'none', 'started_talking'],
    state: 'talking',
  },
  'the reply ends, and what was none goes on: it is the next turn': {
    rules: ASKING,
    after: [started, pause, started, no],
    input: finished,
    does: ['cancel', 'none', 'started_talking'],
    state: 'talking',
  },
  'both end before the answer: it was a turn': {
    rules: ASKING,
    after: [started, pause, started, pause],
    input: finished,
    does: ['cancel', 'none', 'started_talking', ...replies('ask')],
    state: 'replying',
  },
  'an answer about a reply that has ended counts for nothing': {
    rules: ASKING,
    after: [started, pause, started, finished],
    input: yes,
    does: [],
    state: 'talking',
  },

  'a reply is asked for when nothing was said': {
    rules: PLAIN,
    after: [],
    input: triggered,
    does: ['cancel', 'take'],
    state: 'taking',
  },
  'and comes': {
    rules: PLAIN,
    after: [triggered],
    input: takenEmpty,
    does: replies('interruptible', 'trigger', 0),
    state: 'replying',
  },
  'a reply is asked for while somebody speaks': {
    rules: PLAIN,
    after: [started],
    input: triggered,
    does: ['cancel', 'take'],
    state: 'taking',
  },
  'and is to what they said': {
    rules: PLAIN,
    after: [started, triggered],
    input: taken,
    does: replies('interruptible', 'trigger', 2),
    state: 'replying',
  },
  'they paused just before': {
    rules: PLAIN,
    after: [started, triggered, pause],
    input: takenEmpty,
    does: replies('interruptible', 'trigger', 3),
    state: 'replying',
  },
  'it is asked for twice': { rules: PLAIN, after: [started, triggered], input: triggered, does: [], state: 'taking' },
  'it is asked for while the turn detector thinks': {
    rules: JUDGING,
    after: [started, pause],
    input: triggered,
    does: ['cancel', 'take'],
    state: 'taking',
  },
  'and comes, to what it thought about': {
    rules: JUDGING,
    after: [started, pause, triggered],
    input: takenEmpty,
    does: replies('interruptible', 'trigger', 3),
    state: 'replying',
  },
  'it is asked for during a reply': {
    rules: PLAIN,
    after: [started, pause],
    input: triggered,
    does: ['cancel', 'stop', 'none', 'take'],
    state: 'taking',
  },
  'which was interrupted by it': {
    rules: PLAIN,
    after: [started, pause, triggered],
    input: takenEmpty,
    does: ['tell-interruption', ...replies('interruptible', 'trigger', 0)],
    state: 'replying',
  },
  'it is asked for while an interruption waits to be one': {
    rules: ASKING,
    after: [started, pause, started, pause, triggered],
    input: takenEmpty,
    does: ['tell-interruption', ...replies('ask', 'trigger', 3)],
    state: 'replying',
  },
  'what was taken and not asked for is ignored': {
    rules: PLAIN,
    after: [started],
    input: taken,
    does: [],
    state: 'talking',
  },
  'a start is no news while a turn is taken': {
    rules: PLAIN,
    after: [triggered],
    input: started,
    does: [],
    state: 'taking',
  },

  'the first words are spoken': {
    rules: PLAIN,
    after: [],
    input: greet,
    does: ['interruptible', 'greet'],
    state: 'replying',
  },
  'they are interrupted': { rules: PLAIN, after: [greet], input: started, does: stops, state: 'talking' },
  'they can not be interrupted': { rules: DEAF, after: [], input: greet, does: ['deaf', 'greet'], state: 'replying' },
  'they are spoken to somebody who speaks': {
    rules: PLAIN,
    after: [started],
    input: greet,
    does: ['none', 'greet'],
    state: 'replying',
  },
  'who is replied to at the next pause': {
    rules: PLAIN,
    after: [started, greet],
    input: pause,
    does: ['stop', 'tell-interruption', ...replies('interruptible')],
    state: 'replying',
  },
  'they come too late, for a reply is going on': {
    rules: PLAIN,
    after: [started, pause],
    input: greet,
    does: [],
    state: 'replying',
  },

  'all is forgotten': {
    rules: PLAIN,
    after: [started],
    input: reset,
    does: ['cancel', 'none', 'forget'],
    state: 'listening',
  },
  'and a reply with it': {
    rules: PLAIN,
    after: [started, pause],
    input: reset,
    does: ['cancel', 'stop', 'none', 'forget'],
    state: 'listening',
  },
  'time means nothing when none was asked for': {
    rules: PLAIN,
    after: [started],
    input: time,
    does: [],
    state: 'talking',
  },
  'the end of a reply means nothing when there is none': {
    rules: PLAIN,
    after: [started],
    input: finished,
    does: [],
    state: 'talking',
  },
}

for (const [title, { rules, after, input, does, state }] of Object.entries(EDGES)) {
  test(title, (t) => {
    const machine = new TurnMachine(rules)
    for (const each of after) machine.handle(each)
    t.deepEqual(machine.handle(input).map(name), does)
    t.is(machine.state, state as typeof machine.state)
  })
}

test('an interruption is told with the moment at which it began', (t) => {
  const machine = new TurnMachine(ASKING)
  for (const each of [started, pause, { ...started, at: 7, foundAt: 7.2 }, no, time]) machine.handle(each)
  const told = machine.handle(yes).find((action) => action.do === 'tell-interruption')
  t.deepEqual(told, { do: 'tell-interruption', at: 7, foundAt: 7.2 })
})

test('equal inputs give equal actions, and no state is reached that the table above does not name', (t) => {
  const inputs = [
    started,
    pause,
    max,
    taken,
    takenEmpty,
    over,
    notOver,
    yes,
    no,
    time,
    finished,
    triggered,
    greet,
    reset,
  ]
  const known = new Set(
    Object.values(EDGES)
      .map(({ state }) => state)
      .concat('listening'),
  )
  let seed = 1
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647)
  for (const rules of [PLAIN, JUDGING, ASKING, DEAF]) {
    const [one, other] = [new TurnMachine(rules), new TurnMachine(rules)]
    let isReplying = false
    for (let i = 0; i < 5000; i++) {
      const input = structuredClone(inputs[random() % inputs.length] as TurnInput)
      if (input.kind === 'finished') isReplying = false
      const actions = one.handle(input)
      t.deepEqual(other.handle(input), actions)
      t.true(known.has(one.state))
      for (const action of actions) {
        if (action.do === 'stop') t.true(isReplying, 'only a reply that runs is stopped')
        if (action.do === 'reply' || action.do === 'greet') {
          t.false(isReplying, 'a reply begins when none runs')
          isReplying = true
        } else if (action.do === 'stop') isReplying = false
      }
      if (one.state !== 'replying') isReplying = false
    }
  }
})
