-- Written by the program of commit 3e582f5, schema 1.
BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE mhl_lab (
	schema_version INTEGER NOT NULL, 
	PRIMARY KEY (schema_version)
);
INSERT INTO "mhl_lab" VALUES(1);
CREATE TABLE mhl_progress (
	run VARCHAR(80) NOT NULL, 
	number INTEGER NOT NULL, 
	epoch INTEGER NOT NULL, 
	epochs INTEGER NOT NULL, 
	val_accuracy FLOAT, 
	started FLOAT NOT NULL, 
	updated FLOAT NOT NULL, 
	PRIMARY KEY (run, number)
);
CREATE TABLE mhl_runs (
	name VARCHAR(80) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	phase TEXT NOT NULL, 
	config JSON NOT NULL, 
	created FLOAT NOT NULL, 
	started FLOAT, 
	finished FLOAT, 
	seconds FLOAT NOT NULL, 
	owner VARCHAR(200), 
	heartbeat FLOAT, 
	stop_requested BOOLEAN NOT NULL, 
	facts JSON NOT NULL, 
	summary JSON, 
	PRIMARY KEY (name)
);
INSERT INTO "mhl_runs" VALUES('old','stopped','stopped; it can be resumed','{"dataset_name": "digits", "optimization_mode": "health_aware", "trials": 7, "max_epochs_per_trial": 2, "use_runpod_service": false, "concurrent": true, "concurrent_workers": 2, "target_gpus_per_worker": 1, "plot_generation": "best", "random_seed": 42, "run_name": "old", "weights": {"accuracy": 0.7, "neuron_utilization": 0.25, "parameter_efficiency": 0.15, "training_stability": 0.2, "gradient_health": 0.15, "convergence_quality": 0.15, "accuracy_consistency": 0.1}, "search_space": {"conv_layers": 1}, "pruning": true, "early_stopping_patience": 5, "max_parameters": null, "max_seconds_per_trial": null, "max_run_seconds": null, "trial_time_limit": 7200.0}',1.79571965572470140454e+09,NULL,NULL,12.5,'vm|25352|4bde979d-554c-4ea0-a02b-89da539d1db1/1700747',1.79571965683228683473e+09,0,'{}',NULL);
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'old');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,1,1,0.5,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,1,2,0.625,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'filters_1',46.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 4, "high": 64}}');
INSERT INTO "trial_params" VALUES(2,1,'optimizer',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "sgd"]}}');
INSERT INTO "trial_params" VALUES(3,2,'filters_1',13.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 4, "high": 64}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'metrics','{"val_accuracy": 0.625, "test_accuracy": 0.5}');
INSERT INTO "trial_user_attributes" VALUES(2,1,'health_score','0.25');
INSERT INTO "trial_user_attributes" VALUES(3,1,'parameters','123');
INSERT INTO "trial_user_attributes" VALUES(4,1,'seconds','1.5');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,0.5125,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-26 19:00:55.930712','2026-11-26 19:00:56.628955');
INSERT INTO "trials" VALUES(2,1,1,'RUNNING','2026-11-26 19:00:56.710111',NULL);
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE INDEX ix_mhl_runs_created ON mhl_runs (created);
CREATE INDEX ix_mhl_runs_status ON mhl_runs (status);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
