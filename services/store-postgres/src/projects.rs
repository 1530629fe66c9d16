//! Projects.

use accord_domain::{Project, ProjectDefinition, ProjectId, Timestamp};
use accord_store::text::check_text;
use accord_store::{Page, PageRequest, Projects, StoreError, StoreResult};
use async_trait::async_trait;
use uuid::Uuid;

use crate::convert::{Place, fetch_limit, may_be_stored, page_of, read_all, start_of, write_json};
use crate::error::failure;
use crate::transaction::PostgresTransaction;

type ProjectRow = (Uuid, String, i64, i64);

fn read_project((id, definition, version, created_at): ProjectRow) -> StoreResult<Project> {
    Ok(Project {
        id: ProjectId::from_uuid(id),
        definition: Place::new("projects", "definition").read_json(id, &definition)?,
        version,
        created_at: Timestamp::from_microseconds(created_at),
    })
}

#[async_trait]
impl Projects for PostgresTransaction {
    async fn insert_project(&mut self, project: &Project) -> StoreResult<()> {
        check_text("project name", &project.definition.name)?;
        sqlx::query(
            "INSERT INTO projects (id, name, definition, version, created_at) VALUES ($1, $2, $3::JSON, $4, $5)",
        )
        .bind(project.id.as_uuid())
        .bind(&project.definition.name)
        .bind(write_json("project definition", &project.definition)?)
        .bind(project.version)
        .bind(project.created_at.as_microseconds())
        .execute(self.connection())
        .await
        .map_err(failure)?;
        Ok(())
    }

    async fn update_project(
        &mut self,
        id: ProjectId,
        expected_version: i64,
        definition: &ProjectDefinition,
    ) -> StoreResult<Project> {
        check_text("project name", &definition.name)?;
        let row: Option<ProjectRow> = sqlx::query_as(
            "UPDATE projects SET name = $3, definition = $4::JSON, version = version + 1 WHERE id = $1 AND version = $2
             RETURNING id, definition::TEXT, version, created_at",
        )
        .bind(id.as_uuid())
        .bind(expected_version)
        .bind(&definition.name)
        .bind(write_json("project definition", definition)?)
        .fetch_optional(self.connection())
        .await
        .map_err(failure)?;
        row.map_or_else(
            || {
                Err(StoreError::Missing {
                    what: "project",
                    name: format!("{id} at version {expected_version}"),
                })
            },
            read_project,
        )
    }

    async fn project(&mut self, id: ProjectId) -> StoreResult<Option<Project>> {
        let row: Option<ProjectRow> =
            sqlx::query_as("SELECT id, definition::TEXT, version, created_at FROM projects WHERE id = $1")
                .bind(id.as_uuid())
                .fetch_optional(self.connection())
                .await
                .map_err(failure)?;
        row.map(read_project).transpose()
    }

    async fn project_by_name(&mut self, name: &str) -> StoreResult<Option<Project>> {
        if !may_be_stored(name) {
            return Ok(None);
        }
        let row: Option<ProjectRow> =
            sqlx::query_as("SELECT id, definition::TEXT, version, created_at FROM projects WHERE name = $1")
                .bind(name)
                .fetch_optional(self.connection())
                .await
                .map_err(failure)?;
        row.map(read_project).transpose()
    }

    async fn list_projects(&mut self, page: PageRequest) -> StoreResult<Page<Project>> {
        let rows: Vec<ProjectRow> = sqlx::query_as(
            "SELECT id, definition::TEXT, version, created_at FROM projects WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(start_of(page))
        .bind(fetch_limit(page))
        .fetch_all(self.connection())
        .await
        .map_err(failure)?;
        Ok(page_of(read_all(rows, read_project)?, page, |project| {
            project.id.as_uuid()
        }))
    }
}
