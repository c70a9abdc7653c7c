package settings

import "time"

// Of what a statement, a record or a client may take of the node. None may be raised by whom it bounds.
var (
	MaxValueBytes = define(Info{Name: "weir.max.value.bytes", Scope: Start,
		Doc: "How large a value may be that an expression or an aggregate makes."}, whole("bytes", 1<<10, 1<<31-1), 32<<20)
	MaxRowBytes = define(Info{Name: "weir.max.row.bytes", Scope: Start,
		Doc: "How much memory the values may take that are computed for one row, with those that they are made of, in all windows that it is in."}, whole("bytes", 1<<10, 1<<40), 64<<20)
	MaxRowSteps = define(Info{Name: "weir.max.row.steps", Scope: Start,
		Doc: "How many steps the expressions of one row may take: one for each call of a function or a lambda, and one for each 64 bytes that a function reads or makes."}, whole("steps", 1<<10, most), 20_000_000)
	MaxRowWindows = define(Info{Name: "weir.max.row.windows", Scope: Start,
		Doc: "In how many windows a row may be: how often the ADVANCE BY of hopping windows goes into their SIZE."}, whole("windows", 1, most), 5000)
	MaxPartitions = define(Info{Name: "weir.max.partitions", Scope: Start,
		Doc: "How many partitions a statement may ask for."}, whole("partitions", 1, 1<<31-1), 1000)
	MaxQueryBytes = define(Info{Name: "weir.max.query.bytes", Scope: Start,
		Doc: "How much memory the state of a push query, or the rows that a pull query puts in order or groups, may take."}, whole("bytes", 1<<16, most), 256<<20)
	MaxCommitBytes = define(Info{Name: "weir.max.commit.bytes", Scope: Start,
		Doc: "How much memory what a query makes between two commits may take: at an eighth of it a commit comes early, and a query of which one record, or the end of a window, makes more fails."}, whole("bytes", 1<<20, most), 256<<20)
	MaxWasmFile = define(Info{Name: "weir.max.wasm.file.bytes", Scope: Start,
		Doc: "How large the module of a function in another language may be."}, whole("bytes", 1<<10, 1<<30), 16<<20)
	MaxWasmMemory = define(Info{Name: "weir.max.wasm.memory.bytes", Scope: Start,
		Doc: "How much memory an instance of such a module may take: each task has one for each function that it calls."}, whole("bytes", 1<<16, 1<<32), 64<<20)
	MaxWasmTime = define(Info{Name: "weir.max.wasm.call.ms", Scope: Start,
		Doc: "How long a call of such a function may take."}, millis(1), time.Second)
	MaxBatchBytes = define(Info{Name: "weir.max.batch.bytes", Scope: Start,
		Doc: "How large a batch of records may be once it is unpacked."}, whole("bytes", 1<<10, 1<<31-1), 64<<20)
)
