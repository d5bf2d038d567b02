import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const README = readFileSync(`${ROOT}README.md`, 'utf8')

/** What the examples take for granted: names of the package, and of the reader's own program. */
const GIVEN: Readonly<Record<string, string>> = {
  AdditionalOutputs: "import { AdditionalOutputs } from 'parley-rtc'",
  AsyncStreamHandler: "import { AsyncStreamHandler } from 'parley-rtc'",
  AudioFrame: "import type { AudioFrame } from 'parley-rtc'",
  EmitType: "import type { EmitType } from 'parley-rtc'",
  PlayedMark: "import { PlayedMark } from 'parley-rtc'",
  ReplyOnPause: "import { ReplyOnPause } from 'parley-rtc'",
  Stream: "import { Stream } from 'parley-rtc'",
  filter:
    "declare function filter(frame: import('parley-rtc').VideoFrame<Uint8Array>): import('parley-rtc').VideoEmitType",
  picture: "import { picture, testCall } from 'parley-rtc/testing'",
  VideoFrame: "import type { VideoFrame } from 'parley-rtc'",
  getTurnCredentials: "import { getTurnCredentials } from 'parley-rtc'",
  twilio: "import { twilio } from 'parley-rtc'",
  Assistant: "declare const Assistant: new () => import('parley-rtc').AsyncStreamHandler",
  answer: 'declare function answer(question: string, options: { signal: AbortSignal }): AsyncIterable<Int16Array>',
  app: "declare const app: import('express').Express",
  cutLastAnswerAfter: 'declare function cutLastAnswerAfter(ms: number): void',
  languageModel: 'declare function languageModel(question: string, signal: AbortSignal): AsyncIterable<string>',
  interrupts: 'declare function interrupts(samples: Int16Array): boolean',
  nextSentence: 'declare function nextSentence(): Promise<Int16Array>',
  transcribe:
    'declare function transcribe(rate: number, audio: Int16Array, options: { signal: AbortSignal }): Promise<string>',
  stream: "declare const stream: import('parley-rtc').Stream",
}

/** An example as a program of its own: what it doesn't declare itself is declared before it. */
function programOf(example: string): string {
  const isGiven = ([name]: [string, string]): boolean => {
    const declares = new RegExp(`(?:const|class|function) ${name}\\b|import [^;\\n]*\\b${name}\\b`)
    return new RegExp(`\\b${name}\\b`).test(example) && !declares.test(example)
  }
  const given = Object.entries(GIVEN).filter(isGiven)
  return [...given.map(([, declaration]) => declaration), example, 'export {}'].join('\n')
}

/** What the compiler has to say against programs that lie beside the README. */
function complaints(programs: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
  }
  const disk = ts.createCompilerHost(options)
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => programs.has(path) || disk.fileExists(path),
    readFile: (path) => programs.get(path) ?? disk.readFile(path),
    getSourceFile: (path, version, ...rest) => {
      const text = programs.get(path)
      return text === undefined ? disk.getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version)
    },
  }
  const found = ts.getPreEmitDiagnostics(ts.createProgram([...programs.keys()], options, host))
  return found.map(
    ({ file, messageText }) => `${file?.text ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  )
}

test("the compiler finds nothing wrong with the README's examples", (t) => {
  const examples = [...README.matchAll(/```ts\n([\s\S]+?)```/g)].map((match) => match[1] ?? '')
  t.true(examples.length >= 5, `${examples.length} examples`)
  const programs = new Map(examples.map((example, i) => [`${ROOT}readme-example-${i}.mts`, programOf(example)]))
  t.deepEqual(complaints(programs), [])
})

test('what the README links to is there, and so is every command of its own', (t) => {
  const links = [...README.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? '')
  t.true(links.length >= 4)
  for (const link of links) t.notThrows(() => readFileSync(`${ROOT}${link}`), link)
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: Record<string, string> }
  const commands = [...README.matchAll(/npm (?:run )?(start|test|setup|ready)\b/g)].map((match) => match[1] ?? '')
  t.deepEqual(
    [...new Set(commands)].filter((name) => scripts[name] === undefined),
    [],
  )
})
