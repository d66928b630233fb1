/* handlers.h: what the route table calls. A handler fills request->response and returns; it runs on the loop's thread or
 * on a worker, as its row says. */
#ifndef WEIR_HTTP_HANDLERS_H
#define WEIR_HTTP_HANDLERS_H

struct request;

void handle_point(struct request *);
void handle_entries(struct request *);
void handle_windows(struct request *);
void handle_key_windows(struct request *);
void handle_sessions(struct request *);
void handle_key_sessions(struct request *);
void handle_key_versions(struct request *);
void handle_scan(struct request *);
void handle_changes(struct request *);
void handle_count(struct request *);
void handle_explain(struct request *);
void handle_batch(struct request *);
void handle_copy_make(struct request *);
void handle_copy_read(struct request *);
void handle_reports(struct request *);
void handle_report(struct request *);
void handle_sql(struct request *);
void handle_sql_get(struct request *);
void handle_views(struct request *);
void handle_view(struct request *);
void handle_records(struct request *);
void handle_ingest(struct request *);
void handle_ask(struct request *);
void handle_search(struct request *);
void handle_topics(struct request *);
void handle_topology(struct request *);
void handle_tasks(struct request *);
void handle_instances(struct request *);
void handle_drops(struct request *);
void handle_hot_keys(struct request *);
void handle_memory(struct request *);
void handle_dead_letters(struct request *);
void handle_replay(struct request *);
void handle_openapi(struct request *);
void handle_index(struct request *);
void handle_livez(struct request *);
void handle_readyz(struct request *);
void handle_startupz(struct request *);
void handle_health(struct request *);
void handle_health_buffer(struct request *);
void handle_health_database(struct request *);
void handle_health_business(struct request *);
void handle_health_detailed(struct request *);
void handle_health_live(struct request *);
void handle_health_ready(struct request *);
void handle_metrics(struct request *);
void handle_problem_page(struct request *);
void handle_dashboard(struct request *);
void handle_asset(struct request *);
void handle_application(struct request *);
void handle_pause(struct request *);
void handle_resume(struct request *);
void handle_shutdown(struct request *);
void handle_log_level(struct request *);
void handle_set_log_level(struct request *);
#endif
